"""K4: which estimates have stood still for several versions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import polars as pl

from estimates.contract import Contract
from estimates.stability.align import align, key_texts

_KEYS = 100


class FrozenReport(msgspec.Struct, frozen=True):
    """Keys whose estimates are bit-identical in all of some versions; whether that is wrong, their owner knows.

    versions, n   how many versions, and how many keys all of them have
    frozen_share  of n; None with the reason `no_comparable_keys` or `too_few_versions` (there is but one)
    keys          the first 100, by key
    """

    versions: int
    n: int
    frozen_share: float | None
    keys: list[list[str]]
    reason: str | None = None


def frozen(frames: Sequence[pl.DataFrame], contract: Contract) -> FrozenReport:
    """Compare the estimates, attributes aside, of some versions of one contract. Raises InvalidError as `diff` does."""
    first, *others = frames
    present, still = np.ones(first.height, dtype=bool), np.ones(first.height, dtype=bool)
    for other in others:
        found = align(first, other, contract, None, None)
        first = found.a  # sorted by key from now on
        rows = slice(None) if found.rows_a is None else found.rows_a
        here, same = np.zeros(first.height, dtype=bool), np.zeros(first.height, dtype=bool)
        here[rows] = True
        same[rows] = np.logical_and.reduce([found.old(c).eq_missing(found.new(c)).to_numpy() for c in contract.judged])
        present &= here
        still &= same
    n, stood = int(present.sum()), np.flatnonzero(still & present)
    if not n or not others:
        return FrozenReport(len(frames), n, None, [], "no_comparable_keys" if others else "too_few_versions")
    return FrozenReport(len(frames), n, len(stood) / n, key_texts(first, list(contract.key), stood[:_KEYS]))
