"""I: how one prediction interval moved, in units of its own half width (I0 to I6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from estimates.contract import Contract, Interval
from estimates.stability.align import Mask, Rows
from estimates.stability.blocks import count, each, fill
from estimates.stability.deltas import SLACK, scale_floor
from estimates.stability.groups import surprises
from estimates.stability.kinds import FINITE, Floats, Values, all_finite
from estimates.stability.pair import Pair
from estimates.stability.report import IntervalOrder, IntervalReport, PointMove, SignedChange, Spread, Surprise
from estimates.stability.scalar import mean_of
from estimates.stability.selection import largest_first, quantiles

_TOP = 20
_BEYOND = math.log(1.25)
_SMALLEST = 5e-324
_LARGE = 4e307  # twice as much is still far from the largest double
_SCALED = ("z", "z_gt1_share", "width_change", "width_beyond_share")
_OF_POINT = ("z", "z_gt1_share", "new_outside_old", "old_outside_new")
_METRICS = (*_OF_POINT, "jaccard", "disjoint_share", "width_change", "width_beyond_share")


@dataclass(frozen=True)
class Ends:
    """An interval in one version, on the compared keys; without a point of its own `point` is its middle."""

    point: Floats
    lower: Floats
    upper: Floats

    @property
    def width(self) -> Floats:
        """From end to end; negative when they are crossed."""
        return self.upper - self.lower

    def at(self, rows: slice | Mask) -> Ends:
        """The interval of some keys."""
        return Ends(self.point[rows], self.lower[rows], self.upper[rows])

    def shrunk(self, by: Floats) -> Ends:
        """The same interval in another unit for each key."""
        return Ends(self.point * by, self.lower * by, self.upper * by)


@dataclass(frozen=True)
class Moves:
    """How an interval moved, key by key, where it is finite in both versions.

    rows      their places among the common keys
    old, new  the interval, in a unit of its own for each key
    z         I1, inf where it does not fit a double; None without a point or a scale
    width_change  I4; None without a scale
    """

    rows: Rows
    old: Ends
    new: Ends
    z: Floats | None
    width_change: Floats | None


def scale_of(pair: Pair, contract: Contract, interval: Interval, point_scale: float | None) -> float | None:
    """The scale floor of an interval: that of its point column, `point_scale`, or else of its middle."""
    if interval.point:
        return point_scale
    return scale_floor(_compared(pair, interval)[0].point, contract.columns[interval.lower].scale_floor)


def moves(pair: Pair, interval: Interval, scale: float | None) -> Moves:
    """Compare an interval key by key."""
    old, new, rows = _compared(pair, interval)
    unit = _unit(old.point, old.lower, old.upper, new.point, new.lower, new.upper)
    old, new = (old, new) if unit is None else (old.shrunk(unit), new.shrunk(unit))
    if scale is None:
        return Moves(rows, old, new, None, None)
    floor = _floor(scale, unit)
    return Moves(rows, old, new, _z(old, new, floor) if interval.point else None, _width_change(old, new, floor))


def measure(pair: Pair, contract: Contract, interval: Interval, point_scale: float | None) -> IntervalReport:
    """Summarise how an interval moved; `point_scale` is the scale floor of its point column."""
    scale = scale_of(pair, contract, interval, point_scale)
    moved = moves(pair, interval, scale)
    old, new = moved.old, moved.new
    z = moved.z if moved.z is not None and len(moved.z) and _all_finite(moved.z) else None
    width = moved.width_change if len(moved.rows) else None
    n, common = len(moved.rows), pair.found.common
    outside = (_outside(new, old), _outside(old, new)) if n and interval.point else (None, None)
    jaccard, disjoint = _overlap(old, new) if n else (None, None)
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
        z=None if z is None else _moved(z),
        z_gt1_share=None if z is None else count(lambda rows: z[rows] > SLACK, n) / n,
        z_top=[] if z is None else _top(pair, z, moved.rows),
        new_outside_old=outside[0],
        old_outside_new=outside[1],
        jaccard=jaccard,
        disjoint_share=disjoint,
        width_change=None if width is None else _spread(width),
        width_beyond_share=None if width is None else count(lambda rows: np.abs(width[rows]) > _BEYOND * SLACK, n) / n,
        lower_change=_end_change(pair, interval, scale, lower=True),
        upper_change=_end_change(pair, interval, scale, lower=False),
        asymmetry_change=_asymmetry_change(old, new, common)
        if interval.point
        else SignedChange(0, 0.0 if common else None, None, None, "no_point"),
        reasons=_reasons(n, interval, scale, z is None),
        groups={}
        if z is None
        else {by: surprises(pair.grouping(by), moved.rows, z > SLACK) for by in contract.stability.groups},
    )


def _compared(pair: Pair, interval: Interval) -> tuple[Ends, Ends, Rows]:
    """The interval in both versions, and where its keys stand among the common ones."""
    names = [interval.point, interval.lower, interval.upper] if interval.point else [interval.lower, interval.upper]
    columns = [pair.common(name) for name in names]
    rows = all_finite([values for versions in columns for values in versions])
    old, new = (_ends([versions[side].take(rows).numbers for versions in columns]) for side in (0, 1))
    return old, new, np.arange(len(old.lower)) if rows is None else rows


def _ends(columns: list[Floats]) -> Ends:
    lower, upper = columns[-2:]
    return Ends(columns[0] if len(columns) == 3 else lower / 2 + upper / 2, lower, upper)


def _unit(*columns: Floats) -> Floats | None:
    """A smaller unit for keys with values so large that a width would overflow; no metric depends on the unit."""
    ends = each(lambda rows: max(max(x[rows].max(), -x[rows].min()) for x in columns), len(columns[0]))
    if max(ends, default=0.0) < _LARGE:
        return None
    return np.where(np.maximum.reduce([np.abs(column) for column in columns]) < _LARGE, 1.0, 0.25)


def _floor(scale: float, unit: Floats | None) -> Floats | float:
    """Twice the scale floor in the unit of each key; never 0."""
    return 2 * scale if unit is None else np.maximum(2 * scale * unit, _SMALLEST)


def _z(old: Ends, new: Ends, floor: Floats | float) -> Floats:
    """I1, with whole widths and twice the scale floor."""
    with np.errstate(over="ignore"):
        return fill(
            lambda rows: (
                2 * (np.abs(new.point[rows] - old.point[rows]) / np.maximum(old.at(rows).width, _at(floor, rows)))
            ),
            len(old.point),
        )


def _at(floor: Floats | float, rows: slice) -> Floats | float:
    return floor if isinstance(floor, float) else floor[rows]


def _moved(z: Floats) -> PointMove:
    p50, p95, p99, largest = quantiles(z, 0.5, 0.95, 0.99, 1.0)
    return PointMove(mean_of(z), p50, p95, p99, largest)


def _top(pair: Pair, z: Floats, rows: Rows) -> list[Surprise]:
    """The keys whose point moved most, of those that moved."""
    picked = largest_first(_TOP, z)
    picked = picked[z[picked] > 0]
    keys = pair.found.keys(rows[picked])
    return [Surprise(key, float(z[i])) for key, i in zip(keys, picked, strict=True)]


def _outside(point_of: Ends, interval_of: Ends) -> float:
    """I2: the ends belong to the interval."""
    p, ends, n = point_of.point, interval_of, len(point_of.point)
    return count(lambda rows: (p[rows] < ends.lower[rows]) | (p[rows] > ends.upper[rows]), n) / n


def _overlap(old: Ends, new: Ends) -> tuple[Spread, float]:
    """I3; two equal intervals of width 0 overlap wholly."""

    def overlap(rows: slice) -> Floats:
        return np.minimum(old.upper[rows], new.upper[rows]) - np.maximum(old.lower[rows], new.lower[rows])

    def jaccard(rows: slice) -> Floats:
        union = np.maximum(old.upper[rows], new.upper[rows]) - np.minimum(old.lower[rows], new.lower[rows])
        # crossed ends can make the union negative: no overlap
        return np.divide(np.maximum(overlap(rows), 0.0), np.abs(union), out=np.ones(len(union)), where=union != 0)

    n = len(old.lower)
    return _spread(fill(jaccard, n)), count(lambda rows: overlap(rows) < 0, n) / n


def _width_change(old: Ends, new: Ends, floor: Floats | float) -> Floats:
    """I4, as a difference of logarithms, because the ratio may overflow."""

    def logarithm(ends: Ends, rows: slice) -> Floats:
        return np.log(np.maximum(ends.at(rows).width, _at(floor, rows)))

    return fill(lambda rows: logarithm(new, rows) - logarithm(old, rows), len(old.lower))


def _end_change(pair: Pair, interval: Interval, scale: float | None, *, lower: bool) -> SignedChange:
    """I5, of one end; needs the other end in A only for the width, and takes twice the distance to the point else."""
    end, other = (interval.lower, interval.upper) if lower else (interval.upper, interval.lower)
    (old, new), opposite = pair.common(end), pair.common(other)[0]
    point = pair.common(interval.point)[0] if interval.point else opposite
    sides, common = (old, new, opposite, point), len(old.kinds)
    if all_finite(sides[:3]) is not None:
        compared = np.flatnonzero(old.finite & new.finite & (opposite.finite | point.finite))
        old, new, opposite, point = (values.take(compared) for values in sides)
    n = len(old.kinds)
    if not n or scale is None:
        reason = "degenerate_scale" if n else "no_comparable_keys"
        return SignedChange(n, n / common if common else None, None, None, reason)
    one_sided = np.flatnonzero(opposite.kinds != FINITE)
    columns = [old.numbers, new.numbers, _replaced(opposite.numbers, one_sided, point.numbers)]
    unit = _unit(*columns)
    was, now, far = columns if unit is None else [column * unit for column in columns]
    width = fill(lambda rows: far[rows] - was[rows] if lower else was[rows] - far[rows], n)
    width[one_sided] *= 2
    floor = _floor(scale, unit)
    with np.errstate(over="ignore"):
        change = fill(lambda rows: 2 * ((now[rows] - was[rows]) / np.maximum(width[rows], _at(floor, rows))), n)
    return _signed(change, common)


def _replaced(values: Floats, rows: Rows, by: Floats) -> Floats:
    if not len(rows):
        return values
    values = values.copy()
    values[rows] = by[rows]
    return values


def _asymmetry_change(old: Ends, new: Ends, common: int) -> SignedChange:
    """I6: where the point stands in its interval, from 1 at the lower end to 0 at the upper end."""
    n = len(old.lower)
    narrow = count(lambda rows: ~((old.at(rows).width > 0) & (new.at(rows).width > 0)), n)
    if narrow == n:
        return SignedChange(0, 0.0 if common else None, None, None, "no_comparable_keys")
    if narrow:
        wide = (old.width > 0) & (new.width > 0)
        old, new = old.at(wide), new.at(wide)

    def place(ends: Ends) -> Floats:
        return (ends.upper - ends.point) / ends.width

    with np.errstate(over="ignore", invalid="ignore"):
        change = fill(lambda rows: place(new.at(rows)) - place(old.at(rows)), n - narrow)
    return _signed(change, common)


def _signed(change: Floats, common: int) -> SignedChange:
    n = len(change)
    if not _all_finite(change):
        return SignedChange(n, n / common, None, None, "overflow")
    size = fill(lambda rows: np.abs(change[rows]), n)
    return SignedChange(n, n / common, mean_of(change), quantiles(size, 0.95)[0])


def _all_finite(x: Floats) -> bool:
    return count(lambda rows: np.isfinite(x[rows]), len(x)) == len(x)


def _order(read: Callable[[str], Values], interval: Interval) -> IntervalOrder:
    """I0, over all rows of one version; a comparison with null or NaN is no violation."""
    lower, upper = read(interval.lower).numbers, read(interval.upper).numbers
    point = read(interval.point).numbers if interval.point else None

    def of_block(rows: slice) -> list[int]:
        low, up = lower[rows], upper[rows]
        masks = [low > up, (low == up) & np.isfinite(low), np.isnan(low) != np.isnan(up)]
        if point is not None:
            masks += [low > point[rows], point[rows] > up]
        return [int(np.count_nonzero(mask)) for mask in masks]

    none = [0] * (3 if point is None else 5)
    crossed, zero_width, one_sided, *around = np.sum([none, *each(of_block, len(lower))], axis=0).tolist()
    return IntervalOrder(
        rows=len(lower),
        lower_above_point=around[0] if around else None,
        point_above_upper=around[1] if around else None,
        lower_above_upper=crossed,
        zero_width=zero_width,
        one_sided=one_sided,
    )


def _spread(x: Floats) -> Spread:
    p5, p50, p95 = quantiles(x, 0.05, 0.5, 0.95)
    return Spread(p5, p50, p95)


def _reasons(n: int, interval: Interval, scale: float | None, no_z: bool) -> dict[str, str]:
    """Why each missing metric is missing; the first that applies."""
    if n == 0:
        return dict.fromkeys(sorted(_METRICS), "no_comparable_keys")
    reasons = dict.fromkeys(("z", "z_gt1_share"), "overflow") if no_z else {}
    reasons |= dict.fromkeys(_SCALED, "degenerate_scale") if scale is None else {}
    reasons |= {} if interval.point else dict.fromkeys(_OF_POINT, "no_point")
    return {metric: reasons[metric] for metric in sorted(reasons)}
