"""How one prediction interval moved, key by key: what its report, pictures and lists of keys are
made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from estimates.contract.contract import Interval
from estimates.stability.aligned import AlignedVersions
from estimates.stability.alignment import Mask, Rows
from estimates.stability.deltas import at_least, scale_floor
from estimates.stability.kernels.blocks import fill_column
from estimates.stability.kernels.logarithms import log
from estimates.stability.kernels.pieces import Pieces
from estimates.stability.kernels.selection import Formula
from estimates.stability.value_kinds import ColumnValues, Floats, all_finite

# a ratio of two numbers between it and its reciprocal is far from 0 and from the largest double
_SMALL = 1e-150
_SMALLEST = 5e-324
_LARGE = 4e307  # twice as much is still far from the largest double


@dataclass(frozen=True)
class EndColumns:
    """An interval in one version, on the compared keys; without a point of its own `point` is its
    middle.
    """

    point: Floats | Pieces
    lower: Floats | Pieces
    upper: Floats | Pieces

    def at(self, rows: slice | Rows) -> Ends:
        """The interval of some keys."""
        return Ends(self.point[rows], self.lower[rows], self.upper[rows])

    def whole(self) -> Ends:
        """The interval of all keys."""
        return Ends(*map(np.asarray, (self.point, self.lower, self.upper)))

    def shrunk(self, by: Floats) -> Ends:
        """The same interval in another unit for each key."""
        return Ends(*(np.asarray(column) * by for column in (self.point, self.lower, self.upper)))


@dataclass(frozen=True)
class Ends(EndColumns):
    """The same as arrays."""

    point: Floats
    lower: Floats
    upper: Floats

    @property
    def width(self) -> Floats:
        """From end to end; negative when they are crossed."""
        return self.upper - self.lower


@dataclass(frozen=True)
class IntervalChanges:
    """How an interval moved, key by key, where it is finite in both versions.

    places    these keys among the common ones; None when they are all of them
    old, new  the interval, in a unit of its own for each key
    floor     twice the scale floor in that unit; None without a scale
    pointed   whether the interval is one of a point
    ratios    whether the ratio of two widths, none below the floor, fits a double for sure
    """

    places: Rows | None
    old: EndColumns
    new: EndColumns
    floor: Floats | float | None
    pointed: bool
    ratios: bool

    def __len__(self) -> int:
        return len(self.old.lower)

    @property
    def rows(self) -> Rows:
        """The places of these keys among the common ones."""
        return np.arange(len(self)) if self.places is None else self.places

    @cached_property
    def z(self) -> Floats | None:
        """I1, inf where it does not fit a double; None without a point or a scale."""
        return None if self.z_of is None else fill_column(self.z_of, len(self))

    @property
    def z_of(self) -> Formula | None:
        """I1 of some keys, which takes less time than a column of it in new memory."""
        floor = self.floor
        if floor is None or not self.pointed:
            return None

        def of_rows(rows: Any) -> Floats:
            was, now = self.old.at(rows), self.new.at(rows)
            return point_moves(was, now, at_least(was.width, floor_at(floor, rows)))

        return of_rows

    @cached_property
    def width_change(self) -> Floats | None:
        """I4; None without a scale."""
        floor = self.floor
        if floor is None:
            return None

        def change(block: slice) -> Floats:
            limit = floor_at(floor, block)
            was, now = (at_least(ends.at(block).width, limit) for ends in (self.old, self.new))
            return width_changes(was, now, self.ratios)

        return fill_column(change, len(self))

    def outside(self) -> tuple[Rows, Floats]:
        """I2: which of the new points lie outside the old interval, and how far: in half widths,
        inf for no width.
        """
        out = np.flatnonzero(outside(self.new.whole().point, self.old.whole()))
        was, point = self.old.at(out), self.new.point[out]
        with np.errstate(divide="ignore", over="ignore"):
            return out, np.maximum(was.lower - point, point - was.upper) / (
                np.maximum(was.width, 0) / 2
            )


def scale_of(pair: AlignedVersions, interval: Interval) -> float | None:
    """The scale floor of an interval: that of its point column, or else of its middle."""
    if interval.point:
        return pair.scale(interval.point)
    return scale_floor(
        compared_ends(pair, interval)[0].point, pair.contract.columns[interval.lower].scale_floor
    )


def interval_changes(
    pair: AlignedVersions, interval: Interval, scale: float | None
) -> IntervalChanges:
    """Compare an interval key by key."""
    old, new, places = compared_ends(pair, interval)
    values = [values for name in _names(interval) for values in pair.common(name)]
    unit = unit_of(values, [*_columns(old), *_columns(new)])
    old, new = (old, new) if unit is None else (old.shrunk(unit), new.shrunk(unit))
    floor = None if scale is None else floor_in(scale, unit)
    ratios = isinstance(floor, float) and floor > _SMALL and 2 * _size(values) < 1 / _SMALL
    return IntervalChanges(places, old, new, floor, bool(interval.point), ratios)


def compared_ends(
    pair: AlignedVersions, interval: Interval
) -> tuple[EndColumns, EndColumns, Rows | None]:
    """The interval in both versions, and where its keys stand among the common ones; None when
    these are all.
    """
    columns = [pair.common(name) for name in _names(interval)]
    rows = all_finite([values for versions in columns for values in versions])
    old, new = (
        _ends([versions[side].take(rows).column for versions in columns]) for side in (0, 1)
    )
    return old, new, rows


def _names(interval: Interval) -> list[str]:
    """Its columns; the point first, if it has one."""
    return [name for name in (interval.point, interval.lower, interval.upper) if name]


def _columns(ends: EndColumns) -> list[Floats | Pieces]:
    return [ends.point, ends.lower, ends.upper]


def _ends(columns: list[Floats | Pieces]) -> EndColumns:
    lower, upper = columns[-2:]
    if len(columns) == 3:
        return EndColumns(columns[0], lower, upper)
    middle = fill_column(lambda rows: lower[rows] / 2 + upper[rows] / 2, len(lower))
    return EndColumns(middle, lower, upper)


def _size(values: Sequence[ColumnValues]) -> float:
    """No number in any of the columns is larger, whatever its sign."""
    return max(max(-column.least, column.largest) for column in values)


def unit_of(values: Sequence[ColumnValues], columns: Sequence[Floats | Pieces]) -> Floats | None:
    """A smaller unit for keys with values so large that a width would overflow; no metric depends
    on the unit.

    columns  the numbers, which lie between those of `values`
    """
    if _size(values) < _LARGE:
        return None
    return np.where(np.maximum.reduce([np.abs(column) for column in columns]) < _LARGE, 1.0, 0.25)


def floor_in(scale: float, unit: Floats | None) -> Floats | float:
    """Twice the scale floor in the unit of each key; never 0."""
    return 2 * scale if unit is None else np.maximum(2 * scale * unit, _SMALLEST)


def point_moves(old: Ends, new: Ends, unit: Floats) -> Floats:
    """I1, in whole widths of which none is below twice the scale floor."""
    with np.errstate(over="ignore"):
        return 2 * (np.abs(new.point - old.point) / unit)


def outside(point: Floats, ends: Ends) -> Mask:
    """I2, of some keys."""
    return (point < ends.lower) | (point > ends.upper)


def floor_at(floor: Floats | float, rows: slice | Rows) -> Floats | float:
    """The floor of some keys."""
    return floor if isinstance(floor, float) else floor[rows]


def width_changes(was: Floats, now: Floats, ratios: bool) -> Floats:
    """I4 of widths, none below the floor; as a difference of logarithms where the ratio may
    overflow.
    """
    return log(now / was) if ratios else log(now) - log(was)
