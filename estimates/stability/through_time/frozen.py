"""K4: which estimates have stood still for several versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl

from estimates.contract.contract import Contract
from estimates.stability.alignment import Rows, align, key_texts
from estimates.stability.through_time.revision_report import FrozenReport

_KEYS = 100


class FrozenRows(NamedTuple):
    """Which rows of the oldest of some versions have the same estimates in all of them.

    versions, n   how many versions, and how many keys all of them have
    frame, rows   the oldest version, sorted by key, and those of its rows
    """

    versions: int
    n: int
    frame: pl.DataFrame
    rows: Rows


def frozen_rows(frames: Iterable[pl.DataFrame], contract: Contract) -> FrozenRows:
    """Compare the estimates, attributes aside, of versions of one contract; there is at least one.

    Two frames at a time are in memory. Raises InvalidError as `diff` does.
    """
    versions = iter(frames)
    first = next(versions)
    count = 1
    in_all = np.ones(first.height, dtype=bool)
    same_in_all = np.ones(first.height, dtype=bool)
    for other in versions:
        count += 1
        alignment = align(first, other, contract, None, None)
        first = alignment.a  # sorted by key from now on
        rows = slice(None) if alignment.rows_a is None else alignment.rows_a
        in_other = np.zeros(first.height, dtype=bool)
        same = np.zeros(first.height, dtype=bool)
        in_other[rows] = True
        same[rows] = np.logical_and.reduce(
            [alignment.old(c).eq_missing(alignment.new(c)).to_numpy() for c in contract.judged]
        )
        in_all &= in_other
        same_in_all &= same
    return FrozenRows(count, int(in_all.sum()), first, np.flatnonzero(same_in_all & in_all))


def frozen_report(frozen: FrozenRows, contract: Contract) -> FrozenReport:
    """The share of the keys whose estimates stand still, and the first 100 of them by key."""
    versions, n, frame, rows = frozen
    if versions == 1:
        return FrozenReport(versions, n, None, [], "too_few_versions")
    if not n:
        return FrozenReport(versions, n, None, [], "no_comparable_keys")
    keys = key_texts(frame, list(contract.key), rows[:_KEYS])
    return FrozenReport(versions, n, len(rows) / n, keys)
