"""How one number moved, key by key: what the scalar metrics, the breakdowns and the lists of keys
are made from.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from estimates.contract.contract import Stability
from estimates.stability.alignment import Alignment, Mask, Rows
from estimates.stability.kernels import logarithms
from estimates.stability.kernels.blocks import each_block, fill_column
from estimates.stability.kernels.memory import empty_column
from estimates.stability.kernels.pieces import Pieces
from estimates.stability.kernels.selection import Formula, summary
from estimates.stability.kernels.sorted_runs import SortedRuns
from estimates.stability.value_kinds import ColumnValues, Floats, all_finite

SLACK = 1 + 1e-12  # a value at its exact limit is within it, whatever the last bit says
_NOISE = 1e-9
_NOISE_FLOAT32 = 2.0**-23
_HALF = sys.float_info.max / 2  # two numbers up to it have a sum
_FAR = 2.0**28  # beyond it asinh(x) = ln(2x) to the last bit, and b / 2s might overflow


class Difference:
    """b − a, computed where it is read: by a slice, by rows, or all of it as an array."""

    def __init__(self, a: Floats | Pieces, b: Floats | Pieces) -> None:
        self._a, self._b = a, b

    def __len__(self) -> int:
        return len(self._a)

    def __getitem__(self, rows: Any) -> Floats:
        with np.errstate(over="ignore"):
            return self._b[rows] - self._a[rows]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return fill_column(self.__getitem__, len(self))


@dataclass(frozen=True)
class Deltas:
    """The keys where a column is finite in both versions, in key order.

    positions  among the common keys; None when they are all of them
    column_a, column_b, d  old and new value and b − a (±inf where it overflows), in the unit of the
               column, to be read by slices or row numbers
    scale      the scale floor s0; None when it would be 0
    r, g       S3, S4; None without a scale
    material   outside the contract's tolerance; equal: within bit noise
    floored    how many have a scale below the floor, which then stands in for it in r
    least, largest  no number is below or above
    """

    positions: Rows | None
    column_a: Floats | Pieces
    column_b: Floats | Pieces
    d: Floats | Difference
    scale: float | None
    r: Floats | None
    material: Mask
    equal: Mask
    floored: int
    least: float
    largest: float

    def __len__(self) -> int:
        return len(self.d)

    @cached_property
    def a(self) -> Floats:
        """The old values as an array."""
        return np.asarray(self.column_a)

    @cached_property
    def b(self) -> Floats:
        """The new values as an array."""
        return np.asarray(self.column_b)

    @property
    def signed(self) -> bool:
        """Whether there may be a number below 0."""
        return self.least < 0

    def keys(self, alignment: Alignment, rows: Rows) -> list[list[str]]:
        """The keys of some rows of these, as text."""
        return alignment.keys(rows if self.positions is None else self.positions[rows])


def deltas(
    alignment: Alignment,
    column: str,
    old: ColumnValues,
    new: ColumnValues,
    scale: float | None,
    policy: Stability,
) -> Deltas:
    """Compare a numeric column; `scale` is its scale floor."""
    positions = all_finite((old, new))
    a, b = old.take(positions).column, new.take(positions).column
    dtypes = (alignment.a[column].dtype, alignment.b[column].dtype)
    noise = _noise(dtypes)
    whole = (
        _exact(alignment, column, positions)
        if all(dtype.is_integer() for dtype in dtypes)
        else None
    )
    d = Difference(a, b) if whole is None else whole
    r = None if scale is None else empty_column(len(a))
    material, equal = empty_column(len(a), bool), empty_column(len(a), bool)
    least, largest = min(old.least, new.least), max(old.largest, new.largest)
    is_plain = scale is not None and scale <= least and largest < _HALF

    def compute(rows: slice) -> int:
        size, (size_a, size_b) = np.abs(d[rows]), sizes(a[rows], b[rows], signed=least < 0)
        floored = 0
        if is_plain and r is not None:
            np.divide(size, size_a + size_b, out=r[rows])
            r[rows] *= 2
        elif r is not None and scale is not None:
            floored = _relative(size_a, size_b, size, scale, r[rows])
        limit = np.maximum(size_a, size_b)
        np.less_equal(size, limit * (noise * SLACK), out=equal[rows])
        limit *= policy.rtol * SLACK
        if policy.atol:
            limit += policy.atol * SLACK
        np.greater(size, limit, out=material[rows])
        return floored

    with np.errstate(over="ignore"):
        floored = sum(each_block(compute, len(a)))
    return Deltas(positions, a, b, d, scale, r, material, equal, floored, least, largest)


def scale_floor(a: Floats | Pieces, declared: float | None) -> float | None:
    """s0: the contract's, else max(1e-3 · median |a|, 1e-9 · max |a|); None when there is no value
    but 0.
    """
    if declared is not None or not len(a):
        return declared
    size = summary(lambda rows: np.abs(a[rows]), len(a), 0.5)
    return None if size.largest == 0 else _scale_floor(size.quantiles[0], size.largest)


def scale_floor_of_sorted(a: SortedRuns, declared: float | None) -> float | None:
    """The same of at least one value, in ascending columns."""
    if declared is not None:
        return declared
    size = a.sizes()
    largest = size.least_and_largest()[1]
    return None if largest == 0 else _scale_floor(size.quantile(1, 2), largest)


def _scale_floor(median: float, largest: float) -> float:
    floor = max(1e-3 * median, 1e-9 * largest)
    return max(floor, sys.float_info.min * sys.float_info.epsilon)


def transform(deltas: Deltas) -> Floats:
    """S4: g = asinh(b / 2s) − asinh(a / 2s), one value per move; needs a scale."""
    return fill_column(change(deltas), len(deltas))


def change(deltas: Deltas) -> Formula:
    """S4 of some moves; needs a scale."""
    a, b, scale = deltas.column_a, deltas.column_b, deltas.scale
    assert scale is not None
    if 2 * scale <= deltas.least and deltas.largest < 2 * scale * _FAR:
        return lambda rows: _of_large(a[rows], b[rows], scale)
    return lambda rows: _change(a[rows], b[rows], scale)


def _change(a: Floats, b: Floats, scale: float) -> Floats:
    """S4; how a row is computed depends on its own values alone."""
    g, (size_a, size_b) = asinh(b, scale) - asinh(a, scale), sizes(a, b, signed=True)
    large = (np.minimum(size_a, size_b) >= 2 * scale) & (
        np.maximum(size_a, size_b) < 2 * scale * _FAR
    )
    rows = np.flatnonzero(large & ((a < 0) == (b < 0)))
    g[rows] = _of_large(size_a[rows], size_b[rows], scale)
    g[rows[a[rows] < 0]] *= -1
    return g


def _of_large(a: Floats, b: Floats, scale: float) -> Floats:
    """S4 of large values with one logarithm, which keeps the digits of a small change: asinh(x) =
    ln(x + √(x² + 1)).
    """
    ratio, below = (_exponential(x / (2 * scale)) for x in (b, a))
    ratio /= below
    return logarithms.log(ratio)


def _exponential(x: Floats) -> Floats:
    """The exponential of asinh(x): x + √(x² + 1)."""
    root = x * x
    root += 1
    np.sqrt(root, out=root)
    root += x
    return root


def sizes(a: Floats, b: Floats, *, signed: bool) -> tuple[Floats, Floats]:
    """|a| and |b|; most columns have no signs."""
    return (np.abs(a), np.abs(b)) if signed else (a, b)


def at_least(x: Floats, floor: Floats | float) -> Floats:
    """The larger one of each; most columns have nothing below a floor, and looking takes less time
    than choosing.
    """
    if isinstance(floor, float) and x.min(initial=floor) >= floor:
        return x
    return np.maximum(x, floor)


def asinh(x: Floats, scale: float) -> Floats:
    """asinh(x / 2s), the transform whose changes are g."""
    with np.errstate(over="ignore"):
        result = logarithms.asinh(x / (2 * scale))
        far = np.flatnonzero(np.abs(x) > 2 * scale * _FAR)
    result[far] = np.copysign(logarithms.log(np.abs(x[far])) - math.log(scale), x[far])
    return result


def relative(a: Floats, b: Floats, d: Floats, scale: float) -> Floats:
    """S3, with the factor 2 taken outside: halving the denominator would lose the last bit of a
    denormal.
    """
    r = np.empty(len(a))
    _relative(np.abs(a), np.abs(b), np.abs(d), scale, r)
    return r


def _relative(size_a: Floats, size_b: Floats, size: Floats, scale: float, r: Floats) -> int:
    """Write S3 of sizes to `r`, and say of how many the scale is below the floor."""
    total = size_a + size_b
    floor = at_least(total, 2 * scale)
    with np.errstate(invalid="ignore"):  # inf / inf, replaced below
        np.divide(size, floor, out=r)
        r *= 2
    if not total.max(initial=0.0) < np.inf:
        large = np.flatnonzero(np.isinf(total))
        half_a, half_b = size_a[large] / 2, size_b[large] / 2
        half = np.where(np.isinf(size[large]), half_a + half_b, size[large] / 2)
        r[large] = 2 * (half / np.maximum(half_a + half_b, scale))
    return 0 if floor is total else int(np.count_nonzero(total < 2 * scale))


def _exact(alignment: Alignment, column: str, positions: Rows | None) -> Floats:
    """b − a of integers without going through doubles first."""
    d = alignment.new(column).cast(pl.Int128) - alignment.old(column).cast(pl.Int128)
    return (d if positions is None else d[positions]).cast(pl.Float64).to_numpy()


def _noise(dtypes: tuple[pl.DataType, pl.DataType]) -> float:
    """The relative tolerance within which two values count as equal: none for whole and decimal
    numbers.
    """
    if pl.Float32 in dtypes:
        return _NOISE_FLOAT32
    return _NOISE if any(dtype.is_float() for dtype in dtypes) else 0.0
