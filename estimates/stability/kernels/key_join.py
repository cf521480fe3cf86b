"""Which rows of two frames have the same key: both are sorted by key, so merging whole numbers can
say it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import block_size, each_block

Rows = NDArray[np.intp]
Numbers = NDArray[np.int64]
# Keys, or parts of them, as numbers that ascend as they do: of a slice or an array of rows, so that
# no column of them takes memory. Only of keys that the other frame lacks, some may stand in another
# order; each of these is below or above any number of the other frame.
Numbered = Callable[[Any], Numbers]
_ROW_A, _ROW_B = "\0a", "\0b"  # not printable, so no column of a contract has these names
# rows with the same first part of their keys, on average, from which it pays to join these parts
# alone
_RUN = 4
_LABELS = 1 << 16
_LARGEST = 1 << 62
_EVERY = 1 << 12  # rows of the second frame of which one number says where to look


def matching_rows(a: pl.DataFrame, b: pl.DataFrame, key: list[str]) -> tuple[Rows, Rows]:
    """The rows of a and of b that have the same key, in key order; both are sorted by key, with no
    key twice.
    """
    numbered = _numbered(a, b, key) if a.height and b.height else None
    if numbered is None:
        return _joined(a, b, key)
    left, right = numbered
    marks = right(np.arange(0, b.height, _EVERY))
    rows_a, rows_b = np.empty(a.height, dtype=np.intp), np.empty(a.height, dtype=np.intp)

    def merge(rows: slice) -> int:
        """Write the rows of a block where it begins, and say how many these are."""
        numbers = left(rows)
        start = max(int(np.searchsorted(marks, numbers[0])) - 1, 0) * _EVERY
        stop = int(np.searchsorted(marks, numbers[-1], "right")) * _EVERY
        if not stop:
            return 0
        candidates = right(slice(start, min(stop, b.height)))
        at = np.minimum(np.searchsorted(candidates, numbers), len(candidates) - 1)
        same = np.flatnonzero(candidates[at] == numbers)
        end = rows.start + len(same)
        np.add(same, rows.start, out=rows_a[rows.start : end])
        np.add(at[same], start, out=rows_b[rows.start : end])
        return len(same)

    return _moved_up((rows_a, rows_b), each_block(merge, a.height), block_size(a.height))


def _moved_up(sides: tuple[Rows, Rows], counts: list[int], size: int) -> tuple[Rows, Rows]:
    """What stands at the beginning of each block, block after block, in the same memory."""
    *starts, n = accumulate(counts, initial=0)
    for number, (start, count) in enumerate(zip(starts, counts, strict=True)):
        for side in sides:
            if start < number * size:
                side[start : start + count] = side[number * size : number * size + count]
    return sides[0][:n], sides[1][:n]


def _joined(a: pl.DataFrame, b: pl.DataFrame, key: list[str]) -> tuple[Rows, Rows]:
    left, right = a.select(key).with_row_index(_ROW_A), b.select(key).with_row_index(_ROW_B)
    both = left.join(right, on=key, how="inner", maintain_order="left")
    return both[_ROW_A].to_numpy().astype(np.intp), both[_ROW_B].to_numpy().astype(np.intp)


def _numbered(a: pl.DataFrame, b: pl.DataFrame, key: list[str]) -> tuple[Numbered, Numbered] | None:
    """The keys of both as numbers; None when they have no such numbers at hand."""
    left, right, size = list[tuple[Numbered, int]](), list[tuple[Numbered, int]](), 1
    for place, name in enumerate(key):
        x, y = a[name], b[name]
        part = _of_runs(x, y) if place == 0 and x.dtype == pl.String else _of_values(x, y)
        if part is None or size * part[2] > _LARGEST:
            return None
        size *= part[2]
        left.append((part[0], part[2]))
        right.append((part[1], part[2]))
    return _of_parts(left), _of_parts(right)


def _of_parts(parts: list[tuple[Numbered, int]]) -> Numbered:
    """Whole keys, of their parts and how many numbers each of these has."""

    def of_rows(rows: Any) -> Numbers:
        (first, _), *others = parts
        numbers = first(rows)
        for part, size in others:
            numbers = numbers * size
            numbers += part(rows)
        return numbers

    return of_rows


def _of_values(x: pl.Series, y: pl.Series) -> tuple[Numbered, Numbered, int] | None:
    """One part of the keys as numbers from 0, and how many there may be."""
    if x.dtype == pl.String:
        labels = pl.concat([x.unique(), y.unique()]).unique().sort()
        if len(labels) > _LABELS:
            return None
        x, y = x.cast(pl.Enum(labels)), y.cast(pl.Enum(labels))
    left, right = x.to_physical(), y.to_physical()
    ends: list[Any] = [left.min(), right.min(), left.max(), right.max()]
    low, high = min(ends), max(ends)
    if high - low >= _LARGEST:
        return None

    def numbered(values: pl.Series) -> Numbered:
        return lambda rows: values[rows].cast(pl.Int64).to_numpy() - low

    return numbered(left), numbered(right), high - low + 1


def _of_runs(x: pl.Series, y: pl.Series) -> tuple[Numbered, Numbered, int] | None:
    """The first part of the keys, where equal ones stand together, as numbers."""
    runs_x, runs_y = (side.alias("run").rle().struct.unnest() for side in (x, y))
    if _RUN * (runs_x.height + runs_y.height) > len(x) + len(y):
        return None
    at_x, at_y = _joined(runs_x, runs_y, ["value"])
    return _spread(at_x, runs_x, 1), _spread(at_y, runs_y, 2), 3 * len(at_x) + 3


def _spread(shared: Rows, runs: pl.DataFrame, other: int) -> Numbered:
    """Runs of both frames have the multiples of 3; those of one alone are `other` above the one
    before.
    """
    is_shared = np.zeros(runs.height, dtype=bool)
    is_shared[shared] = True
    numbers = 3 * np.cumsum(is_shared, dtype=np.int64)
    numbers[~is_shared] += other
    ends = np.cumsum(runs["len"].to_numpy(), dtype=np.int64)

    def of_rows(rows: Any) -> Numbers:
        if not isinstance(rows, slice):
            return numbers[np.searchsorted(ends, rows, "right")]
        first, last = np.searchsorted(ends, (rows.start, rows.stop - 1), "right").tolist()
        lengths = np.diff(np.minimum(ends[first : last + 1], rows.stop), prepend=rows.start)
        return numbers[first : last + 1].repeat(lengths)

    return of_rows
