"""K4: which estimates have stood still for several versions."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
import polars as pl

from estimates.contract import Contract
from estimates.stability.align import align, key_texts

_KEYS = 100


class FrozenReport(msgspec.Struct, frozen=True):
    """Keys whose estimates are bit-identical in all of some versions; whether that is wrong, their owner knows.

    versions, n   how many versions, and how many keys all of them have
    frozen_share  of n; None with the reason `no_comparable_keys` or `too_few_versions` (two are needed; where a
                  contract says `frozen_after`, that many)
    keys          the first 100, by key
    """

    versions: int
    n: int
    frozen_share: float | None
    keys: list[list[str]]
    reason: str | None = None


def frozen(frames: Iterable[pl.DataFrame], contract: Contract) -> FrozenReport:
    """Compare the estimates, attributes aside, of some versions of one contract, of which there is at least one.

    Two frames at a time are held. Raises InvalidError as `diff` does.
    """
    given = iter(frames)
    first, versions = next(given), 1
    present, still = np.ones(first.height, dtype=bool), np.ones(first.height, dtype=bool)
    for other in given:
        versions += 1
        found = align(first, other, contract, None, None)
        first = found.a  # sorted by key from now on
        rows = slice(None) if found.rows_a is None else found.rows_a
        here, same = np.zeros(first.height, dtype=bool), np.zeros(first.height, dtype=bool)
        here[rows] = True
        same[rows] = np.logical_and.reduce([found.old(c).eq_missing(found.new(c)).to_numpy() for c in contract.judged])
        present &= here
        still &= same
    n, stood = int(present.sum()), np.flatnonzero(still & present)
    if not n or versions == 1:
        return FrozenReport(versions, n, None, [], "no_comparable_keys" if versions > 1 else "too_few_versions")
    return FrozenReport(versions, n, len(stood) / n, key_texts(first, list(contract.key), stood[:_KEYS]))
