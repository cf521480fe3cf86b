"""The kind of every value, before anything is computed from it: finite, null, nan, +inf, -inf,
absent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.alignment import Mask, Rows
from estimates.stability.kernels.blocks import each_block, taken
from estimates.stability.kernels.pieces import Pieces, has_long_pieces

KINDS = ("finite", "null", "nan", "+inf", "-inf", "absent")
FINITE, NULL, NAN, PLUS_INF, MINUS_INF, ABSENT = range(len(KINDS))
Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class ColumnValues:
    """A column as Float64 (null as NaN; empty when it holds no numbers) and the kind of each value.

    column  to be read by slices or row numbers
    least, largest  no finite number is below or above; 0 where there is none
    """

    column: Floats | Pieces
    kinds: Codes
    least: float
    largest: float

    @cached_property
    def numbers(self) -> Floats:
        """The column as an array: where a frame has it in pieces, a copy."""
        return np.asarray(self.column)

    @property
    def finite(self) -> Mask:
        """Where a value can be computed with."""
        return self.kinds == FINITE

    @cached_property
    def whole(self) -> bool:
        """Whether every value is finite."""
        return not len(self.kinds) or self.kinds.max() == FINITE

    def take(self, rows: Rows | None) -> ColumnValues:
        """Some rows; None for all of them."""
        if rows is None:
            return self
        kinds = np.zeros(len(rows), dtype=np.uint8) if self.whole else self.kinds[rows]
        column = self.column
        if isinstance(column, Pieces):
            column = column.taken(rows)
        elif len(column):
            column = taken(column, rows)
        return ColumnValues(column, kinds, self.least, self.largest)


def all_finite(columns: Sequence[ColumnValues]) -> Rows | None:
    """The rows in which all columns are finite; None when these are all rows."""
    if all(values.whole for values in columns):
        return None
    return np.flatnonzero(np.logical_and.reduce([values.finite for values in columns]))


def classify(series: pl.Series) -> ColumnValues:
    """Values and kinds of a column; what is not a number is `finite` when it is there."""
    kinds = np.zeros(len(series), dtype=np.uint8)
    column, least, largest = np.empty(0), 0.0, 0.0
    if len(series) and (series.dtype.is_numeric() or series.dtype == pl.Null):
        column, least, largest = _numbers(series)
        if not (math.isfinite(least) and math.isfinite(largest)):  # NaN when there is one
            column = numbers = np.asarray(column)
            finite = np.isfinite(numbers)
            other, finite_numbers = np.flatnonzero(~finite), numbers[finite]
            value = numbers[other]
            kinds[other] = np.where(np.isnan(value), NAN, np.where(value > 0, PLUS_INF, MINUS_INF))
            least, largest = (
                (float(finite_numbers.min()), float(finite_numbers.max()))
                if len(finite_numbers)
                else (0.0, 0.0)
            )
    if series.null_count():
        kinds[series.is_null().to_numpy()] = NULL
    return ColumnValues(column, kinds, least, largest)


def _numbers(series: pl.Series) -> tuple[Floats | Pieces, float, float]:
    """A column as Float64, its least and its largest value."""
    stored = _as_it_is(series)
    copied = np.empty(len(series) if stored is None else 0)

    def read(rows: slice) -> tuple[float, float]:
        numbers = copied[rows] if stored is None else stored[rows]
        if stored is None:
            part = series.slice(rows.start, rows.stop - rows.start)
            numbers[:] = part.cast(pl.Float64).to_numpy()
        return numbers.min(), numbers.max()

    least, largest = zip(*each_block(read, len(series)), strict=True)
    return copied if stored is None else stored, float(np.min(least)), float(np.max(largest))


def _as_it_is(series: pl.Series) -> Floats | Pieces | None:
    """A column in the memory that it has; None where it has to be copied."""
    if series.dtype != pl.Float64 or series.null_count():
        return None
    if series.n_chunks() == 1:
        return series.to_numpy()
    return Pieces(series) if has_long_pieces(series) else None
