"""Rows by the value that each has, the 50 largest groups apart from the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import each_block

_MOST = 50
_CLOSE = 1 << 12
_LARGEST = 1 << 62


@dataclass(frozen=True)
class Grouping:
    """Rows by the value that each has.

    values  one per row
    shown   the values of the 50 largest groups (ties by value), sorted, null first; of whole
            numbers that lie so close that at most 50 are possible all of them, also those that no
            row has
    group   of each row the place of its value in `shown`; of all others, their number
    within  of each row its place in its block: first those of the first group of the block, and so
            on
    counts  number of rows by block and group
    """

    values: pl.Series
    shown: pl.Series
    group: NDArray[np.uint8]
    within: NDArray[np.uint32]
    counts: NDArray[np.int64]


def grouping(values: pl.Series) -> Grouping:
    """Sort rows into groups by value."""
    shown, group = _by_number(values) or _by_value(values)
    within = np.empty(len(group), dtype=np.uint32)

    def sort(rows: slice) -> NDArray[np.int64]:
        # of bytes: one pass that counts, one that places
        within[rows] = np.argsort(group[rows], kind="stable")
        return np.bincount(group[rows], minlength=len(shown) + 1)

    counts = np.array(each_block(sort, len(group))).reshape(-1, len(shown) + 1)
    return Grouping(values, shown, group, within, counts)


def _by_value(values: pl.Series) -> tuple[pl.Series, NDArray[np.uint8]]:
    """The largest groups, and the group of each row."""
    sizes = (
        values.alias("by")
        .value_counts(name="n")
        .sort(["n", "by"], descending=[True, False])
        .head(_MOST)
        .sort("by")
    )
    shown = sizes["by"]
    numbers = pl.Series(range(len(shown)), dtype=pl.UInt8)
    return shown, values.replace_strict(
        shown, numbers, default=len(shown), return_dtype=pl.UInt8
    ).to_numpy()


def _by_number(values: pl.Series) -> tuple[pl.Series, NDArray[np.uint8]] | None:
    """The same of whole numbers that are close together, by counting; None of other values."""
    if not values.dtype.is_integer() or not len(values) or values.null_count():
        return None
    low, high = int(values.min()), int(values.max())  # pyrefly: ignore[bad-argument-type]
    if high - low >= _CLOSE or max(-low, high) > _LARGEST:
        return None

    def numbers(rows: slice) -> NDArray[np.int64]:
        return values.slice(rows.start, rows.stop - rows.start).cast(pl.Int64).to_numpy() - low

    n, different = len(values), high - low + 1
    shown = np.arange(different)
    if different > _MOST:
        counts = np.sum(
            each_block(lambda rows: np.bincount(numbers(rows), minlength=different), n), axis=0
        )
        largest = np.argsort(-counts, kind="stable")[:_MOST]
        shown = np.sort(largest[counts[largest] > 0])
    group_of = np.full(different, len(shown), dtype=np.uint8)
    group_of[shown] = np.arange(len(shown))
    group = np.empty(n, dtype=np.uint8)

    def look_up(rows: slice) -> None:
        np.take(group_of, numbers(rows), out=group[rows], mode="clip")

    each_block(look_up, n)
    return pl.Series((shown + low).tolist(), dtype=values.dtype), group
