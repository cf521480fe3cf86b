"""The kind of every value, before anything is computed from it: finite, null, nan, +inf, -inf, absent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.align import Mask, Rows
from estimates.stability.blocks import each, taken

KINDS = ("finite", "null", "nan", "+inf", "-inf", "absent")
FINITE, NULL, NAN, PLUS_INF, MINUS_INF, ABSENT = range(len(KINDS))
Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Values:
    """A column as Float64 (null as NaN; empty when it holds no numbers) and the kind of each value."""

    numbers: Floats
    kinds: Codes

    @property
    def finite(self) -> Mask:
        """Where a value can be computed with."""
        return self.kinds == FINITE

    @property
    def whole(self) -> bool:
        """Whether every value is finite."""
        return not len(self.kinds) or self.kinds.max() == FINITE

    def take(self, rows: Rows | None) -> Values:
        """Some rows; None for all of them."""
        if rows is None:
            return self
        kinds = np.zeros(len(rows), dtype=np.uint8) if self.whole else self.kinds[rows]
        return Values(taken(self.numbers, rows) if len(self.numbers) else self.numbers, kinds)


def all_finite(columns: Sequence[Values]) -> Rows | None:
    """The rows in which all columns are finite; None when these are all rows."""
    if all(values.whole for values in columns):
        return None
    return np.flatnonzero(np.logical_and.reduce([values.finite for values in columns]))


def classify(series: pl.Series) -> Values:
    """Values and kinds of a column; what is not a number is `finite` when it is there."""
    kinds = np.zeros(len(series), dtype=np.uint8)
    numbers = np.empty(0)
    if series.dtype.is_numeric() or series.dtype == pl.Null:
        numbers, whole = _numbers(series)
        if not whole:
            odd = np.flatnonzero(~np.isfinite(numbers))
            value = numbers[odd]
            kinds[odd] = np.where(np.isnan(value), NAN, np.where(value > 0, PLUS_INF, MINUS_INF))
    if series.null_count():
        kinds[series.is_null().to_numpy()] = NULL
    return Values(numbers, kinds)


def _numbers(series: pl.Series) -> tuple[Floats, bool]:
    """A column as Float64, and whether all its values are finite."""
    one_piece = series.n_chunks() == 1 and series.dtype == pl.Float64 and not series.null_count()
    numbers = series.to_numpy() if one_piece else np.empty(len(series))

    def read(rows: slice) -> bool:
        if not one_piece:
            numbers[rows] = series.slice(rows.start, rows.stop - rows.start).cast(pl.Float64).to_numpy()
        block = numbers[rows]
        return math.isfinite(block.sum()) or bool(np.isfinite(block).all())

    with np.errstate(over="ignore", invalid="ignore"):
        return numbers, all(each(read, len(series)))
