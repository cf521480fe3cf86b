"""K4: which estimates have stood still for several versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from estimates.contract.contract import Contract
from estimates.stability.alignment import Rows, align, key_texts

_KEYS = 100


class FrozenReport(msgspec.Struct, frozen=True):
    """Keys whose estimates are bit-identical in all of some versions; whether that is wrong, their
    owner knows.

    versions, n   how many versions, and how many keys all of them have
    frozen_share  of n; None with the reason `no_comparable_keys` or `too_few_versions` (two are
                  needed; where a contract says `frozen_after`, that many)
    keys          the first 100, by key
    """

    versions: int
    n: int
    frozen_share: float | None
    keys: list[list[str]]
    reason: str | None = None


class Still(NamedTuple):
    """Which rows of the oldest of some versions stand still in all of them.

    versions, n   how many versions, and how many keys all of them have
    frame, rows   the oldest version, sorted by key, and those of its rows
    """

    versions: int
    n: int
    frame: pl.DataFrame
    rows: Rows


def frozen(frames: Iterable[pl.DataFrame], contract: Contract) -> FrozenReport:
    """Compare the estimates, attributes aside, of some versions of one contract, of which there is
    at least one.

    Two frames at a time are held. Raises InvalidError as `diff` does.
    """
    return frozen_report(still(frames, contract), contract)


def frozen_report(found: Still, contract: Contract) -> FrozenReport:
    """What stands still, as a report."""
    versions, n, frame, rows = found
    if not n or versions == 1:
        return FrozenReport(
            versions, n, None, [], "no_comparable_keys" if versions > 1 else "too_few_versions"
        )
    return FrozenReport(
        versions, n, len(rows) / n, key_texts(frame, list(contract.key), rows[:_KEYS])
    )


def still(frames: Iterable[pl.DataFrame], contract: Contract) -> Still:
    """Compare them as `frozen` does."""
    given = iter(frames)
    first, versions = next(given), 1
    present, same_in_all = np.ones(first.height, dtype=bool), np.ones(first.height, dtype=bool)
    for other in given:
        versions += 1
        found = align(first, other, contract, None, None)
        first = found.a  # sorted by key from now on
        rows = slice(None) if found.rows_a is None else found.rows_a
        here, same = np.zeros(first.height, dtype=bool), np.zeros(first.height, dtype=bool)
        here[rows] = True
        same[rows] = np.logical_and.reduce(
            [found.old(c).eq_missing(found.new(c)).to_numpy() for c in contract.judged]
        )
        present &= here
        same_in_all &= same
    return Still(versions, int(present.sum()), first, np.flatnonzero(same_in_all & present))
