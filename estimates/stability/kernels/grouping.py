"""Rows by the value that each has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import each_block

_FEW = 1 << 10  # groups that are counted block by block
_CLOSE = 1 << 12
_LARGEST = 1 << 62


@dataclass(frozen=True)
class BlockOrder:
    """Rows block by block, those of one group after those of the one before.

    within  of each row its place in its block: first those of the first group of the block, and so
            on
    counts  number of rows by block and group
    """

    within: NDArray[np.uint32]
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class Grouping:
    """Rows by the value that each has.

    values  one per row
    shown   every value, sorted, null first; of whole numbers that lie close together perhaps also
            some that no row has
    group   of each row the place of its value in `shown`
    blocks  of at most 1,024 groups; more are too many to count in each block
    """

    values: pl.Series
    shown: pl.Series
    group: NDArray[np.unsignedinteger[Any]]
    blocks: BlockOrder | None

    def sizes(self) -> NDArray[np.int64]:
        """The number of rows of each group."""
        if self.blocks is not None:
            return self.blocks.counts.sum(axis=0)
        return np.bincount(self.group, minlength=len(self.shown))


def grouping(values: pl.Series) -> Grouping:
    """Sort rows into groups by value."""
    shown, group = _by_number(values) or _by_value(values)
    blocks = _blocks(group, len(shown)) if len(shown) <= _FEW else None
    return Grouping(values, shown, group, blocks)


def _blocks(group: NDArray[np.unsignedinteger[Any]], groups: int) -> BlockOrder:
    within = np.empty(len(group), dtype=np.uint32)

    def sort(rows: slice) -> NDArray[np.int64]:
        # of short numbers: a pass that counts, one that places
        within[rows] = np.argsort(group[rows], kind="stable")
        return np.bincount(group[rows], minlength=groups)

    counts = each_block(sort, len(group))
    return BlockOrder(within, np.array(counts, dtype=np.int64).reshape(len(counts), groups))


def _by_value(values: pl.Series) -> tuple[pl.Series, NDArray[np.unsignedinteger[Any]]]:
    """Every value, and the group of each row."""
    shown = values.alias("by").unique().sort()
    numbers = pl.Series(range(len(shown)), dtype=pl.UInt32)
    group = values.replace_strict(shown, numbers, return_dtype=pl.UInt32).to_numpy()
    return shown, group.astype(_kind(len(shown)))


def _by_number(values: pl.Series) -> tuple[pl.Series, NDArray[np.unsignedinteger[Any]]] | None:
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
    if different > _FEW:
        counts = np.sum(
            each_block(lambda rows: np.bincount(numbers(rows), minlength=different), n), axis=0
        )
        shown = np.flatnonzero(counts)
    group_of = np.zeros(different, dtype=_kind(len(shown)))
    group_of[shown] = np.arange(len(shown))
    group = np.empty(n, dtype=group_of.dtype)

    def look_up(rows: slice) -> None:
        np.take(group_of, numbers(rows), out=group[rows], mode="clip")

    each_block(look_up, n)
    return pl.Series((shown + low).tolist(), dtype=values.dtype), group


def _kind(groups: int) -> np.dtype[Any]:
    """The shortest whole numbers that tell so many groups apart."""
    return np.min_scalar_type(max(groups - 1, 0))
