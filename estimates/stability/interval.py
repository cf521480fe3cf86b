"""I: how one prediction interval moved, in units of its own half width (I0 to I4)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from estimates.contract import Contract, Interval
from estimates.stability.align import Rows
from estimates.stability.kinds import Floats, Values
from estimates.stability.moves import SLACK, scale_floor
from estimates.stability.pair import Pair
from estimates.stability.report import IntervalOrder, IntervalReport, PointMove, Spread, Surprise
from estimates.stability.scalar import largest_first, mean_of, quantiles, share

_TOP = 20
_BEYOND = math.log(1.25)
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
    def half(self) -> Floats:
        """Half its width; halved first, so that it does not overflow."""
        return self.upper / 2 - self.lower / 2


def measure(pair: Pair, contract: Contract, interval: Interval, point_scale: float | None) -> IntervalReport:
    """Compare an interval; `point_scale` is the scale floor of its point column."""
    old, new, rows = _compared(pair, interval)
    n, common = len(old.lower), pair.found.common
    scale = point_scale if interval.point else scale_floor(old.point, contract.columns[interval.lower].scale_floor)
    z = _z(old, new, scale) if n and scale and interval.point else None
    width = _width_change(old, new, scale) if n and scale else None
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
        z=None if z is None else PointMove(mean_of(z), *quantiles(z, 0.5, 0.95, 0.99), float(z.max())),
        z_gt1_share=None if z is None else share(z > SLACK),
        z_top=[] if z is None else _top(pair, z, rows),
        new_outside_old=outside[0],
        old_outside_new=outside[1],
        jaccard=jaccard,
        disjoint_share=disjoint,
        width_change=None if width is None else _spread(width),
        width_beyond_share=None if width is None else share(np.abs(width) > _BEYOND * SLACK),
        reasons=_reasons(n, interval, scale, z is None),
    )


def _compared(pair: Pair, interval: Interval) -> tuple[Ends, Ends, Rows]:
    """The interval in both versions, and where its keys stand among the common ones."""
    names = [interval.point, interval.lower, interval.upper] if interval.point else [interval.lower, interval.upper]
    columns = [pair.common(name) for name in names]
    rows = np.flatnonzero(np.logical_and.reduce([old.finite & new.finite for old, new in columns]))
    all_rows = len(rows) == pair.found.common
    old, new = (_ends([side[i].take(None if all_rows else rows).numbers for side in columns]) for i in (0, 1))
    return old, new, rows


def _ends(columns: list[Floats]) -> Ends:
    lower, upper = columns[-2:]
    return Ends(columns[0] if len(columns) == 3 else lower / 2 + upper / 2, lower, upper)


def _z(old: Ends, new: Ends, scale: float) -> Floats | None:
    """I1; None when it does not fit a double."""
    with np.errstate(over="ignore"):
        z = np.abs(new.point / 2 - old.point / 2) / np.maximum(old.half, scale) * 2
    return z if np.isfinite(z).all() else None


def _top(pair: Pair, z: Floats, rows: Rows) -> list[Surprise]:
    picked = largest_first(_TOP, z)
    return [Surprise(key, float(z[i])) for key, i in zip(pair.found.keys(rows[picked]), picked, strict=True)]


def _outside(point_of: Ends, interval_of: Ends) -> float:
    """I2: the ends belong to the interval."""
    return share((point_of.point < interval_of.lower) | (point_of.point > interval_of.upper))


def _overlap(old: Ends, new: Ends) -> tuple[Spread, float]:
    """I3, in halves, so that it does not overflow; two equal intervals of width 0 overlap wholly."""
    overlap = np.minimum(old.upper, new.upper) / 2 - np.maximum(old.lower, new.lower) / 2
    union = np.maximum(old.upper, new.upper) / 2 - np.minimum(old.lower, new.lower) / 2
    jaccard = np.ones(len(union))
    # crossed ends can make the union negative: no overlap
    np.divide(overlap, np.abs(union), out=jaccard, where=union != 0)
    return _spread(jaccard), share(overlap < 0)


def _width_change(old: Ends, new: Ends, scale: float) -> Floats:
    """I4, as a difference of logarithms, because the ratio may overflow."""
    return np.log(np.maximum(new.half, scale)) - np.log(np.maximum(old.half, scale))


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
