"""I: how one prediction interval moved, in units of its own half width (I0 to I6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from estimates.contract import Contract, Interval
from estimates.stability.align import Rows
from estimates.stability.deltas import SLACK, scale_floor
from estimates.stability.kinds import Floats, Values
from estimates.stability.pair import Pair
from estimates.stability.report import IntervalOrder, IntervalReport, PointMove, SignedChange, Spread, Surprise
from estimates.stability.scalar import largest_first, mean_of, quantiles, share

_TOP = 20
_BEYOND = math.log(1.25)
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
    floor = 2 * scale * (1.0 if unit is None else unit)
    return Moves(rows, old, new, _z(old, new, floor) if interval.point else None, _width_change(old, new, floor))


def measure(pair: Pair, contract: Contract, interval: Interval, point_scale: float | None) -> IntervalReport:
    """Summarise how an interval moved; `point_scale` is the scale floor of its point column."""
    scale = scale_of(pair, contract, interval, point_scale)
    moved = moves(pair, interval, scale)
    old, new = moved.old, moved.new
    z = moved.z if moved.z is not None and len(moved.z) and np.isfinite(moved.z).all() else None
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
        z_gt1_share=None if z is None else share(z > SLACK),
        z_top=[] if z is None else _top(pair, z, moved.rows),
        new_outside_old=outside[0],
        old_outside_new=outside[1],
        jaccard=jaccard,
        disjoint_share=disjoint,
        width_change=None if width is None else _spread(width),
        width_beyond_share=None if width is None else share(np.abs(width) > _BEYOND * SLACK),
        lower_change=_end_change(pair, interval, scale, lower=True),
        upper_change=_end_change(pair, interval, scale, lower=False),
        asymmetry_change=_asymmetry_change(old, new, common)
        if interval.point
        else SignedChange(0, 0.0 if common else None, None, None, "no_point"),
        reasons=_reasons(n, interval, scale, z is None),
    )


def _compared(pair: Pair, interval: Interval) -> tuple[Ends, Ends, Rows]:
    """The interval in both versions, and where its keys stand among the common ones."""
    names = [interval.point, interval.lower, interval.upper] if interval.point else [interval.lower, interval.upper]
    columns = [pair.common(name) for name in names]
    both = np.logical_and.reduce([old.finite & new.finite for old, new in columns])
    rows = np.flatnonzero(both)
    taken = None if both.all() else rows
    old, new = (_ends([pair[side].take(taken).numbers for pair in columns]) for side in (0, 1))
    return old, new, rows


def _ends(columns: list[Floats]) -> Ends:
    lower, upper = columns[-2:]
    return Ends(columns[0] if len(columns) == 3 else lower / 2 + upper / 2, lower, upper)


def _unit(*columns: Floats) -> Floats | None:
    """A smaller unit for keys with values so large that a width would overflow; no metric depends on the unit."""
    if max(max(float(x.max(initial=0.0)), -float(x.min(initial=0.0))) for x in columns) < _LARGE:
        return None
    return np.where(np.maximum.reduce([np.abs(column) for column in columns]) < _LARGE, 1.0, 0.25)


def _z(old: Ends, new: Ends, floor: Floats | float) -> Floats:
    """I1, with whole widths and twice the scale floor."""
    with np.errstate(over="ignore"):
        return 2 * (np.abs(new.point - old.point) / np.maximum(old.width, floor))


def _moved(z: Floats) -> PointMove:
    p50, p95, p99 = quantiles(z, 0.5, 0.95, 0.99)
    return PointMove(mean_of(z), p50, p95, p99, float(z.max()))


def _top(pair: Pair, z: Floats, rows: Rows) -> list[Surprise]:
    """The keys whose point moved most, of those that moved."""
    picked = largest_first(_TOP, z)
    picked = picked[z[picked] > 0]
    keys = pair.found.keys(rows[picked])
    return [Surprise(key, float(z[i])) for key, i in zip(keys, picked, strict=True)]


def _outside(point_of: Ends, interval_of: Ends) -> float:
    """I2: the ends belong to the interval."""
    return share((point_of.point < interval_of.lower) | (point_of.point > interval_of.upper))


def _overlap(old: Ends, new: Ends) -> tuple[Spread, float]:
    """I3; two equal intervals of width 0 overlap wholly."""
    overlap = np.minimum(old.upper, new.upper) - np.maximum(old.lower, new.lower)
    union = np.maximum(old.upper, new.upper) - np.minimum(old.lower, new.lower)
    jaccard = np.ones(len(union))
    # crossed ends can make the union negative: no overlap
    np.divide(np.maximum(overlap, 0.0), np.abs(union), out=jaccard, where=union != 0)
    return _spread(jaccard), share(overlap < 0)


def _width_change(old: Ends, new: Ends, floor: Floats | float) -> Floats:
    """I4, as a difference of logarithms, because the ratio may overflow."""
    return np.log(np.maximum(new.width, floor)) - np.log(np.maximum(old.width, floor))


def _end_change(pair: Pair, interval: Interval, scale: float | None, *, lower: bool) -> SignedChange:
    """I5, of one end; needs the other end in A only for the width, and takes twice the distance to the point else."""
    end, other = (interval.lower, interval.upper) if lower else (interval.upper, interval.lower)
    (old, new), opposite = pair.common(end), pair.common(other)[0]
    point = pair.common(interval.point)[0] if interval.point else opposite
    compared = old.finite & new.finite & (opposite.finite | point.finite)
    taken, common = None if compared.all() else np.flatnonzero(compared), len(compared)
    old, new, opposite, point = (values.take(taken) for values in (old, new, opposite, point))
    n = len(old.kinds)
    if not n or scale is None:
        reason = "degenerate_scale" if n else "no_comparable_keys"
        return SignedChange(n, n / common if common else None, None, None, reason)
    one_sided = np.flatnonzero(~opposite.finite)
    columns = [old.numbers, new.numbers, _replaced(opposite.numbers, one_sided, point.numbers)]
    unit = _unit(*columns)
    was, now, far = columns if unit is None else [column * unit for column in columns]
    width = far - was if lower else was - far
    width[one_sided] *= 2
    with np.errstate(over="ignore"):
        change = 2 * ((now - was) / np.maximum(width, 2 * scale * (1.0 if unit is None else unit)))
    return _signed(change, common)


def _replaced(values: Floats, rows: Rows, by: Floats) -> Floats:
    if not len(rows):
        return values
    values = values.copy()
    values[rows] = by[rows]
    return values


def _asymmetry_change(old: Ends, new: Ends, common: int) -> SignedChange:
    """I6: where the point stands in its interval, from 1 at the lower end to 0 at the upper end."""
    wide = (old.width > 0) & (new.width > 0)
    if not wide.any():
        return SignedChange(0, 0.0 if common else None, None, None, "no_comparable_keys")
    if not wide.all():
        old, new = (Ends(x.point[wide], x.lower[wide], x.upper[wide]) for x in (old, new))
    with np.errstate(over="ignore", invalid="ignore"):
        change = (new.upper - new.point) / new.width - (old.upper - old.point) / old.width
    return _signed(change, common)


def _signed(change: Floats, common: int) -> SignedChange:
    n = len(change)
    size = np.abs(change)
    if not np.isfinite(size).all():
        return SignedChange(n, n / common, None, None, "overflow")
    return SignedChange(n, n / common, mean_of(change), quantiles(size, 0.95)[0])


def _order(read: Callable[[str], Values], interval: Interval) -> IntervalOrder:
    """I0, over all rows of one version; a comparison with null or NaN is no violation."""
    lower, upper = read(interval.lower).numbers, read(interval.upper).numbers
    point = read(interval.point).numbers if interval.point else None
    return IntervalOrder(
        rows=len(lower),
        lower_above_point=None if point is None else int((lower > point).sum()),
        point_above_upper=None if point is None else int((point > upper).sum()),
        lower_above_upper=int((lower > upper).sum()),
        zero_width=int(((lower == upper) & np.isfinite(lower)).sum()),
        one_sided=int((np.isnan(lower) != np.isnan(upper)).sum()),
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
