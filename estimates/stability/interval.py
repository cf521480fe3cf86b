"""I: how one prediction interval moved, in units of its own half width (I0 to I6)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from estimates.contract.contract import Interval
from estimates.stability.aligned import AlignedVersions
from estimates.stability.alignment import Mask, Rows
from estimates.stability.deltas import SLACK, at_least, scale_floor
from estimates.stability.groups import surprises
from estimates.stability.kernels.blocks import each_block, fill_column
from estimates.stability.kernels.selection import Named, Summary, largest_first, summaries
from estimates.stability.report import (
    GroupSurprise,
    IntervalOrder,
    IntervalReport,
    PointMove,
    SignedChange,
    Spread,
    Surprise,
)
from estimates.stability.value_kinds import FINITE, ColumnValues, Floats, all_finite

_TOP = 20
# a ratio of two numbers between it and its reciprocal is far from 0 and from the largest double
_SMALL = 1e-150
_BEYOND = math.log(1.25)
_SMALLEST = 5e-324
_LARGE = 4e307  # twice as much is still far from the largest double
_QUANTILES = {
    "z": (0.5, 0.95, 0.99),
    "jaccard": (0.05, 0.5, 0.95),
    "width_change": (0.05, 0.5, 0.95),
    "|lower|": (0.95,),
    "|upper|": (0.95,),
    "|asymmetry|": (0.95,),
}
_SCALED = ("z", "z_gt1_share", "width_change", "width_beyond_share")
_OF_POINT = ("z", "z_gt1_share", "new_outside_old", "old_outside_new")
_METRICS = (*_OF_POINT, "jaccard", "disjoint_share", "width_change", "width_beyond_share")


@dataclass(frozen=True)
class Ends:
    """An interval in one version, on the compared keys; without a point of its own `point` is its
    middle.
    """

    point: Floats
    lower: Floats
    upper: Floats

    @property
    def width(self) -> Floats:
        """From end to end; negative when they are crossed."""
        return self.upper - self.lower

    def at(self, rows: slice | Rows) -> Ends:
        """The interval of some keys."""
        return Ends(self.point[rows], self.lower[rows], self.upper[rows])

    def shrunk(self, by: Floats) -> Ends:
        """The same interval in another unit for each key."""
        return Ends(self.point * by, self.lower * by, self.upper * by)


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
    old: Ends
    new: Ends
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
        floor = self.floor
        if floor is None or not self.pointed:
            return None
        with np.errstate(over="ignore"):
            return fill_column(
                lambda block: _z(self.old.at(block), self.new.at(block), _at(floor, block)),
                len(self),
            )

    @cached_property
    def width_change(self) -> Floats | None:
        """I4; None without a scale."""
        floor = self.floor
        if floor is None:
            return None

        def change(block: slice) -> Floats:
            limit = _at(floor, block)
            was, now = (at_least(ends.at(block).width, limit) for ends in (self.old, self.new))
            return _width_change(was, now, self.ratios)

        return fill_column(change, len(self))

    def outside(self) -> tuple[Rows, Floats]:
        """I2: which of the new points lie outside the old interval, and how far: in half widths,
        inf for no width.
        """
        out = np.flatnonzero(_outside(self.new.point, self.old))
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
        _compared(pair, interval)[0].point, pair.contract.columns[interval.lower].scale_floor
    )


def interval_changes(
    pair: AlignedVersions, interval: Interval, scale: float | None
) -> IntervalChanges:
    """Compare an interval key by key."""
    old, new, places = _compared(pair, interval)
    values = [values for name in _names(interval) for values in pair.common(name)]
    unit = _unit(values, [*_columns(old), *_columns(new)])
    old, new = (old, new) if unit is None else (old.shrunk(unit), new.shrunk(unit))
    floor = None if scale is None else _floor(scale, unit)
    ratios = isinstance(floor, float) and floor > _SMALL and 2 * _size(values) < 1 / _SMALL
    return IntervalChanges(places, old, new, floor, bool(interval.point), ratios)


def measure(pair: AlignedVersions, interval: Interval) -> IntervalReport:
    """Summarise how an interval moved."""
    scale = scale_of(pair, interval)
    moved = interval_changes(pair, interval, scale)
    n, common = len(moved), pair.alignment.common
    found = summaries(_metrics(moved), n, _QUANTILES) if n else {}
    z, width = found.get("z"), found.get("width_change")
    z = z if z is not None and math.isfinite(z.largest) else None
    return IntervalReport(
        point=interval.point,
        level=interval.level,
        lower=interval.lower,
        upper=interval.upper,
        n=n,
        coverage=n / common if common else None,
        order_from=_order(pair.all_old, interval),
        order_to=_order(pair.all_new, interval),
        scale_floor=scale,
        z=None
        if z is None
        else PointMove(z.mean, z.quantiles[0], z.quantiles[1], z.quantiles[2], z.largest),
        z_gt1_share=None if z is None else found["z_gt1"].mean,
        z_top=[] if z is None else _top(pair, moved),
        new_outside_old=found["new_outside_old"].mean if "new_outside_old" in found else None,
        old_outside_new=found["old_outside_new"].mean if "old_outside_new" in found else None,
        # −0.0 is 0.0
        jaccard=Spread(*(part + 0.0 for part in found["jaccard"].quantiles)) if n else None,
        disjoint_share=found["disjoint"].mean if n else None,
        width_change=None if width is None else Spread(*width.quantiles),
        width_beyond_share=None if width is None else found["width_beyond"].mean,
        lower_change=_end_change(pair, interval, scale, found, lower=True),
        upper_change=_end_change(pair, interval, scale, found, lower=False),
        asymmetry_change=_asymmetry_change(moved.old, moved.new, common, found)
        if interval.point
        else SignedChange(0, 0.0 if common else None, None, None, "no_point"),
        reasons=_reasons(n, interval, scale, z is None),
        groups={} if z is None else _groups(pair, moved),
    )


def _metrics(moved: IntervalChanges) -> Callable[[slice], Named]:
    """The metrics of some keys, by name."""
    old, new, floor, z = moved.old, moved.new, moved.floor, moved.z

    def of_rows(rows: slice) -> Named:
        was, now = old.at(rows), new.at(rows)
        width, width_now = was.width, now.width
        overlap, jaccard = _overlap(was, now)
        yield "disjoint", overlap < 0
        yield "jaccard", jaccard
        if moved.pointed:
            yield "new_outside_old", _outside(now.point, was)
            yield "old_outside_new", _outside(was.point, now)
            yield "narrow", ~((width > 0) & (width_now > 0))
            yield from _both(
                "asymmetry", (now.upper - now.point) / width_now - (was.upper - was.point) / width
            )
        if floor is not None:
            unit, unit_now = (at_least(x, _at(floor, rows)) for x in (width, width_now))
            change = _width_change(unit, unit_now, moved.ratios)
            yield "width_change", change
            yield "width_beyond", np.abs(change) > _BEYOND * SLACK
            yield from _both("lower", 2 * ((now.lower - was.lower) / unit))
            yield from _both("upper", 2 * ((now.upper - was.upper) / unit))
        if z is not None:
            yield "z", z[rows]
            yield "z_gt1", z[rows] > SLACK

    return of_rows


def _both(name: str, change: Floats) -> Named:
    """A change and its size."""
    yield name, change
    yield f"|{name}|", np.abs(change)


def _compared(pair: AlignedVersions, interval: Interval) -> tuple[Ends, Ends, Rows | None]:
    """The interval in both versions, and where its keys stand among the common ones; None when
    these are all.
    """
    columns = [pair.common(name) for name in _names(interval)]
    rows = all_finite([values for versions in columns for values in versions])
    old, new = (
        _ends([versions[side].take(rows).numbers for versions in columns]) for side in (0, 1)
    )
    return old, new, rows


def _names(interval: Interval) -> list[str]:
    """Its columns; the point first, if it has one."""
    return [name for name in (interval.point, interval.lower, interval.upper) if name]


def _columns(ends: Ends) -> list[Floats]:
    return [ends.point, ends.lower, ends.upper]


def _ends(columns: list[Floats]) -> Ends:
    lower, upper = columns[-2:]
    return Ends(columns[0] if len(columns) == 3 else lower / 2 + upper / 2, lower, upper)


def _size(values: Sequence[ColumnValues]) -> float:
    """No number in any of the columns is larger, whatever its sign."""
    return max(max(-column.least, column.largest) for column in values)


def _unit(values: Sequence[ColumnValues], columns: Sequence[Floats]) -> Floats | None:
    """A smaller unit for keys with values so large that a width would overflow; no metric depends
    on the unit.

    columns  the numbers, which lie between those of `values`
    """
    if _size(values) < _LARGE:
        return None
    return np.where(np.maximum.reduce([np.abs(column) for column in columns]) < _LARGE, 1.0, 0.25)


def _floor(scale: float, unit: Floats | None) -> Floats | float:
    """Twice the scale floor in the unit of each key; never 0."""
    return 2 * scale if unit is None else np.maximum(2 * scale * unit, _SMALLEST)


def _z(old: Ends, new: Ends, floor: Floats | float) -> Floats:
    """I1, with whole widths and twice the scale floor."""
    return 2 * (np.abs(new.point - old.point) / at_least(old.width, floor))


def _outside(point: Floats, ends: Ends) -> Mask:
    """I2, of some keys."""
    return (point < ends.lower) | (point > ends.upper)


def _at(floor: Floats | float, rows: slice | Rows) -> Floats | float:
    return floor if isinstance(floor, float) else floor[rows]


def _groups(pair: AlignedVersions, moved: IntervalChanges) -> dict[str, list[GroupSurprise]]:
    """The share of the keys whose point moved beyond its interval, by each group column; there is a
    z.
    """
    z = moved.z
    assert z is not None
    groups = pair.contract.stability.groups
    return {
        by: surprises(pair.grouping(by), moved.places, lambda block: z[block] > SLACK)
        for by in groups
    }


def _top(pair: AlignedVersions, moved: IntervalChanges) -> list[Surprise]:
    """The keys whose point moved most, of those that moved; there is a z."""
    z, places = moved.z, moved.places
    assert z is not None
    picked = largest_first(_TOP, len(z), z.__getitem__)
    size = z[picked]
    picked, size = picked[size > 0], size[size > 0]
    keys = pair.alignment.keys(picked if places is None else places[picked])
    return [Surprise(key, float(value)) for key, value in zip(keys, size, strict=True)]


def _overlap(old: Ends, new: Ends) -> tuple[Floats, Floats]:
    """How much of the intervals overlaps, below 0 where nothing does, and I3; equal ones of width 0
    overlap wholly.
    """
    overlap = np.minimum(old.upper, new.upper) - np.maximum(old.lower, new.lower)
    union = np.maximum(old.upper, new.upper) - np.minimum(old.lower, new.lower)
    shared = at_least(overlap, 0.0)
    if union.min() > 0:
        return overlap, shared / union
    # crossed ends can make the union negative: no overlap
    return overlap, np.divide(shared, np.abs(union), out=np.ones(len(union)), where=union != 0)


def _width_change(was: Floats, now: Floats, ratios: bool) -> Floats:
    """I4 of widths, none below the floor; as a difference of logarithms where the ratio may
    overflow.
    """
    return np.log(now / was) if ratios else np.log(now) - np.log(was)


def _end_change(
    pair: AlignedVersions,
    interval: Interval,
    scale: float | None,
    found: dict[str, Summary],
    *,
    lower: bool,
) -> SignedChange:
    """I5, of one end; needs the other end in A only for the width, and takes twice the distance to
    the point else.

    Where all ends of all keys are finite, it is `found` already.
    """
    name, common = "lower" if lower else "upper", pair.alignment.common
    if name in found and found[name].rows == common:
        return _signed(found, name, common, common)
    end, other = (interval.lower, interval.upper) if lower else (interval.upper, interval.lower)
    (old, new), opposite = pair.common(end), pair.common(other)[0]
    point = pair.common(interval.point)[0] if interval.point else opposite
    sides = (old, new, opposite, point)
    if all_finite(sides[:3]) is not None:
        compared = np.flatnonzero(old.finite & new.finite & (opposite.finite | point.finite))
        old, new, opposite, point = (values.take(compared) for values in sides)
    n = len(old.kinds)
    if not n or scale is None:
        reason = "degenerate_scale" if n else "no_comparable_keys"
        return SignedChange(n, n / common if common else None, None, None, reason)
    one_sided = np.flatnonzero(opposite.kinds != FINITE)
    columns = [old.numbers, new.numbers, _replaced(opposite.numbers, one_sided, point.numbers)]
    unit = _unit(sides, columns)
    was, now, far = columns if unit is None else [column * unit for column in columns]
    width = fill_column(lambda rows: far[rows] - was[rows] if lower else was[rows] - far[rows], n)
    width[one_sided] *= 2
    floor = _floor(scale, unit)

    def change(rows: slice) -> Named:
        return _both(name, 2 * ((now[rows] - was[rows]) / at_least(width[rows], _at(floor, rows))))

    return _signed(summaries(change, n, _QUANTILES), name, n, common)


def _replaced(values: Floats, rows: Rows, by: Floats) -> Floats:
    if not len(rows):
        return values
    values = values.copy()
    values[rows] = by[rows]
    return values


def _asymmetry_change(old: Ends, new: Ends, common: int, found: dict[str, Summary]) -> SignedChange:
    """I6: where the point stands in its interval, from 1 at the lower end to 0 at the upper end.

    Where all intervals are wider than 0, it is `found` already.
    """
    wide = (
        np.flatnonzero((old.width > 0) & (new.width > 0))
        if not found or found["narrow"].mean
        else None
    )
    if wide is None:
        return _signed(found, "asymmetry", len(old.lower), common)
    if not len(wide):
        return SignedChange(0, 0.0 if common else None, None, None, "no_comparable_keys")
    old, new = old.at(wide), new.at(wide)

    def change(rows: slice) -> Named:
        was, now = old.at(rows), new.at(rows)
        return _both(
            "asymmetry", (now.upper - now.point) / now.width - (was.upper - was.point) / was.width
        )

    return _signed(summaries(change, len(wide), _QUANTILES), "asymmetry", len(wide), common)


def _signed(found: dict[str, Summary], name: str, n: int, common: int) -> SignedChange:
    """A change and its size, summarised on n keys."""
    change, size = found[name], found[f"|{name}|"]
    if not math.isfinite(size.largest):
        return SignedChange(n, n / common, None, None, "overflow")
    return SignedChange(n, n / common, change.mean, size.quantiles[0])


def _order(read: Callable[[str], ColumnValues], interval: Interval) -> IntervalOrder:
    """I0, over all rows of one version; a comparison with null or NaN is no violation."""
    ends = read(interval.lower), read(interval.upper)
    lower, upper = (end.numbers for end in ends)
    point, whole = (
        read(interval.point).numbers if interval.point else None,
        all(end.whole for end in ends),
    )

    def of_block(rows: slice) -> dict[str, int]:
        low, up = lower[rows], upper[rows]
        wrong = {"crossed": low > up, "zero_width": low == up}
        if not whole:
            wrong["zero_width"] &= np.isfinite(low)
            wrong["one_sided"] = np.isnan(low) != np.isnan(up)
        if point is not None:
            wrong |= {"lower_above": low > point[rows], "point_above": point[rows] > up}
        return {name: int(np.count_nonzero(mask)) for name, mask in wrong.items()}

    counted = Counter[str]()
    for block in each_block(of_block, len(lower)):
        counted.update(block)
    return IntervalOrder(
        rows=len(lower),
        lower_above_point=None if point is None else counted["lower_above"],
        point_above_upper=None if point is None else counted["point_above"],
        lower_above_upper=counted["crossed"],
        zero_width=counted["zero_width"],
        one_sided=counted["one_sided"],
    )


def _reasons(n: int, interval: Interval, scale: float | None, no_z: bool) -> dict[str, str]:
    """Why each missing metric is missing; the first that applies."""
    if n == 0:
        return dict.fromkeys(sorted(_METRICS), "no_comparable_keys")
    reasons = dict.fromkeys(("z", "z_gt1_share"), "overflow") if no_z else {}
    reasons |= dict.fromkeys(_SCALED, "degenerate_scale") if scale is None else {}
    reasons |= {} if interval.point else dict.fromkeys(_OF_POINT, "no_point")
    return {metric: reasons[metric] for metric in sorted(reasons)}
