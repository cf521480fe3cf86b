"""Which rows of two frames have the same key: both are sorted by key, so merging whole numbers can
say it.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import each_block

Rows = NDArray[np.intp]
Numbers = NDArray[np.int64]
_ROW_A, _ROW_B = "\0a", "\0b"  # not printable, so no column of a contract has these names
# rows with the same first part of their keys, on average, from which it pays to join these parts
# alone
_RUN = 4
_LABELS = 1 << 16
_LARGEST = 1 << 62
_NONE = np.empty(0, dtype=np.intp)


def matching_rows(a: pl.DataFrame, b: pl.DataFrame, key: list[str]) -> tuple[Rows, Rows]:
    """The rows of a and of b that have the same key, in key order; both are sorted by key, with no
    key twice.
    """
    numbers = _numbered(a, b, key) if a.height and b.height else None
    if numbers is None:
        return _joined(a, b, key)
    left, right = numbers
    # a key whose first part the other frame does not have is numbered below 0
    shared_a, shared_b = (
        None if side.min() >= 0 else np.flatnonzero(side >= 0) for side in (left, right)
    )
    left, right = (
        side if shared is None else side[shared]
        for side, shared in ((left, shared_a), (right, shared_b))
    )
    blocks = each_block(lambda rows: _merged(left, right, rows), len(left))
    rows_a, rows_b = (
        np.concatenate([_NONE, *(block[side] for block in blocks)]) for side in (0, 1)
    )
    return (
        rows_a if shared_a is None else shared_a[rows_a],
        rows_b if shared_b is None else shared_b[rows_b],
    )


def _merged(left: Numbers, right: Numbers, rows: slice) -> tuple[Rows, Rows]:
    """Where the numbers of some rows of `left` stand, in it and in `right`; both ascend."""
    numbers = left[rows]
    start, stop = np.searchsorted(right, numbers[0]), np.searchsorted(right, numbers[-1], "right")
    if start == stop:
        return _NONE, _NONE
    candidates = right[start:stop]
    at = np.minimum(np.searchsorted(candidates, numbers), len(candidates) - 1)
    same = np.flatnonzero(candidates[at] == numbers)
    return same + rows.start, at[same] + start


def _joined(a: pl.DataFrame, b: pl.DataFrame, key: list[str]) -> tuple[Rows, Rows]:
    left, right = a.select(key).with_row_index(_ROW_A), b.select(key).with_row_index(_ROW_B)
    both = left.join(right, on=key, how="inner", maintain_order="left")
    return both[_ROW_A].to_numpy().astype(np.intp), both[_ROW_B].to_numpy().astype(np.intp)


def _numbered(a: pl.DataFrame, b: pl.DataFrame, key: list[str]) -> tuple[Numbers, Numbers] | None:
    """Each key as a number that ascends as the keys do; None when they have no such numbers at
    hand.
    """
    left, right, size = np.zeros(a.height, dtype=np.int64), np.zeros(b.height, dtype=np.int64), 1
    for place, name in enumerate(key):
        x, y = a[name], b[name]
        part = _of_runs(x, y) if place == 0 and x.dtype == pl.String else _of_values(x, y)
        if part is None or size * part[2] > _LARGEST:
            return None
        size *= part[2]
        for number, of_part in ((left, part[0]), (right, part[1])):
            number *= part[2]
            number += of_part
    return left, right


def _of_values(x: pl.Series, y: pl.Series) -> tuple[Numbers, Numbers, int] | None:
    """One part of the keys as numbers from 0, and how many there may be."""
    if x.dtype == pl.String:
        labels = pl.concat([x.unique(), y.unique()]).unique().sort()
        if len(labels) > _LABELS:
            return None
        x, y = x.cast(pl.Enum(labels)), y.cast(pl.Enum(labels))
    left, right = (side.to_physical().cast(pl.Int64).to_numpy() for side in (x, y))
    low, high = min(int(left.min()), int(right.min())), max(int(left.max()), int(right.max()))
    return None if high - low >= _LARGEST else (left - low, right - low, high - low + 1)


def _of_runs(x: pl.Series, y: pl.Series) -> tuple[Numbers, Numbers, int] | None:
    """The first part of the keys, where equal ones stand together, as numbers; −1 for one that the
    other lacks.
    """
    runs_x, runs_y = (side.alias("run").rle().struct.unnest() for side in (x, y))
    if _RUN * (runs_x.height + runs_y.height) > len(x) + len(y):
        return None
    at_x, at_y = _joined(runs_x, runs_y, ["value"])
    return _spread(at_x, runs_x), _spread(at_y, runs_y), len(at_x) + 1


def _spread(shared: Rows, runs: pl.DataFrame) -> Numbers:
    numbers = np.full(runs.height, -1, dtype=np.int64)
    numbers[shared] = np.arange(len(shared))
    return np.repeat(numbers, runs["len"].to_numpy())
