"""I: how one prediction interval moved, in units of its own half width (I0 to I6)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np

from estimates.contract.contract import Interval
from estimates.stability.aligned import AlignedVersions
from estimates.stability.deltas import SLACK
from estimates.stability.groups import surprises
from estimates.stability.interval_changes import (
    Ends,
    IntervalChanges,
    floor_in,
    interval_changes,
    outside,
    scale_of,
    unit_of,
)
from estimates.stability.kernels.blocks import Floats, each_block
from estimates.stability.kernels.selection import Named, largest_first, summaries
from estimates.stability.report import (
    GroupSurprise,
    IntervalOrder,
    IntervalReport,
    PointMove,
    SignedChange,
    Spread,
    Surprise,
)
from estimates.stability.value_kinds import ColumnValues, all_finite

_TOP = 20
_BEYOND = math.log(1.25)
_QUANTILES = {
    "z": (0.5, 0.95, 0.99),
    "jaccard": (0.05, 0.5, 0.95),
    "width_change": (0.05, 0.5, 0.95),
}
_SCALED = ("z", "z_gt1_share", "width_change", "width_beyond_share")
_OF_POINT = ("z", "z_gt1_share", "new_outside_old", "old_outside_new")
_METRICS = (*_OF_POINT, "jaccard", "disjoint_share", "width_change", "width_beyond_share")


def measure(pair: AlignedVersions, interval: Interval) -> IntervalReport:
    """Summarise how an interval moved."""
    scale = scale_of(pair, interval)
    changes = interval_changes(pair, interval, scale)
    n, common = len(changes), pair.alignment.common
    measured = summaries(_metrics(changes), n, _QUANTILES) if n else {}
    z = measured.get("z")
    z = z if z is not None and math.isfinite(z.largest) else None

    def share(name: str) -> float | None:
        return measured[name].mean if name in measured else None

    def spread(name: str) -> Spread | None:
        # −0.0 is 0.0
        return Spread(*(x + 0.0 for x in measured[name].quantiles)) if name in measured else None

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
        z_gt1_share=None if z is None else share("z_gt1"),
        z_top=[] if z is None else _top(pair, changes),
        new_outside_old=share("new_outside_old"),
        old_outside_new=share("old_outside_new"),
        jaccard=spread("jaccard"),
        disjoint_share=share("disjoint"),
        width_change=spread("width_change"),
        width_beyond_share=share("width_beyond"),
        lower_change=_end_change(pair, interval, scale, lower=True),
        upper_change=_end_change(pair, interval, scale, lower=False),
        asymmetry_change=_asymmetry_change(changes, common),
        reasons=_reasons(n, interval, scale, z is None),
        groups={} if z is None else _groups(pair, changes),
    )


def _metrics(changes: IntervalChanges) -> Callable[[slice], Named]:
    """The metrics of some keys, by name."""
    z, width_change = changes.z, changes.width_change

    def of_rows(rows: slice) -> Named:
        was, now = changes.old.at(rows), changes.new.at(rows)
        overlap, jaccard = _overlap(was, now)
        yield "disjoint", overlap < 0
        yield "jaccard", jaccard
        if changes.pointed:
            yield "new_outside_old", outside(now.point, was)
            yield "old_outside_new", outside(was.point, now)
        if width_change is not None:
            yield "width_change", width_change[rows]
            yield "width_beyond", np.abs(width_change[rows]) > _BEYOND * SLACK
        if z is not None:
            yield "z", z[rows]
            yield "z_gt1", z[rows] > SLACK

    return of_rows


def _groups(pair: AlignedVersions, changes: IntervalChanges) -> dict[str, list[GroupSurprise]]:
    """The share of the keys whose point moved beyond its interval, by each group column; there is a
    z.
    """
    z = changes.z
    assert z is not None
    return {
        by: surprises(pair.grouping(by), changes.places, lambda block: z[block] > SLACK)
        for by in pair.contract.stability.groups
    }


def _top(pair: AlignedVersions, changes: IntervalChanges) -> list[Surprise]:
    """The keys whose point moved most, of those that moved; there is a z."""
    z = changes.z
    assert z is not None
    picked = largest_first(_TOP, len(z), z.__getitem__)
    picked = picked[z[picked] > 0]
    keys = pair.alignment.keys(changes.rows[picked])
    return [Surprise(key, float(size)) for key, size in zip(keys, z[picked], strict=True)]


def _overlap(old: Ends, new: Ends) -> tuple[Floats, Floats]:
    """How much of the intervals overlaps, below 0 where nothing does, and I3; equal ones of width 0
    overlap wholly.
    """
    overlap = np.minimum(old.upper, new.upper) - np.maximum(old.lower, new.lower)
    union = np.maximum(old.upper, new.upper) - np.minimum(old.lower, new.lower)
    # crossed ends can make the union negative: no overlap
    whole = np.ones(len(union))
    return overlap, np.divide(np.maximum(overlap, 0.0), np.abs(union), out=whole, where=union != 0)


def _end_change(
    pair: AlignedVersions, interval: Interval, scale: float | None, *, lower: bool
) -> SignedChange:
    """I5, of one end; needs the other end in A only for the width, and takes twice the distance to
    the point else.
    """
    end, other = (interval.lower, interval.upper) if lower else (interval.upper, interval.lower)
    (old, new), opposite = pair.common(end), pair.common(other)[0]
    point = pair.common(interval.point)[0] if interval.point else opposite
    sides = (old, new, opposite, point)
    if all_finite(sides[:3]) is not None:
        compared = np.flatnonzero(old.finite & new.finite & (opposite.finite | point.finite))
        old, new, opposite, point = (values.take(compared) for values in sides)
    n, common = len(old.kinds), pair.alignment.common
    if not n or scale is None:
        reason = "degenerate_scale" if n else "no_comparable_keys"
        return SignedChange(n, n / common if common else None, None, None, reason)
    bounded = None if opposite.whole else opposite.finite
    far = opposite.numbers
    if bounded is not None:
        far = np.where(bounded, far, point.numbers)
    columns = [old.numbers, new.numbers, far]
    unit = unit_of(sides, columns)
    was, now, far = columns if unit is None else [column * unit for column in columns]
    floor = floor_in(scale, unit, n)

    def change(rows: slice) -> Floats:
        width = far[rows] - was[rows] if lower else was[rows] - far[rows]
        if bounded is not None:
            width *= np.where(bounded[rows], 1.0, 2.0)
        return 2 * ((now[rows] - was[rows]) / np.maximum(width, floor[rows]))

    return _signed(change, n, common)


def _asymmetry_change(changes: IntervalChanges, common: int) -> SignedChange:
    """I6: where the point stands in its interval, from 1 at the lower end to 0 at the upper end."""
    if not changes.pointed:
        return SignedChange(0, 0.0 if common else None, None, None, "no_point")
    old, new = changes.old, changes.new
    wide = np.flatnonzero((old.upper > old.lower) & (new.upper > new.lower))
    if not len(wide):
        return SignedChange(0, 0.0 if common else None, None, None, "no_comparable_keys")
    if len(wide) < len(changes):
        old, new = old.at(wide), new.at(wide)

    def change(rows: slice) -> Floats:
        was, now = old.at(rows), new.at(rows)
        return (now.upper - now.point) / now.width - (was.upper - was.point) / was.width

    return _signed(change, len(wide), common)


def _signed(change: Callable[[slice], Floats], n: int, common: int) -> SignedChange:
    """A change and its size, summarised on n keys."""

    def both(rows: slice) -> Named:
        signed = change(rows)
        yield "signed", signed
        yield "size", np.abs(signed)

    measured = summaries(both, n, {"size": (0.95,)})
    signed, size = measured["signed"], measured["size"]
    if not math.isfinite(size.largest):
        return SignedChange(n, n / common, None, None, "overflow")
    return SignedChange(n, n / common, signed.mean, size.quantiles[0])


def _order(read: Callable[[str], ColumnValues], interval: Interval) -> IntervalOrder:
    """I0, over all rows of one version; a comparison with null or NaN is no violation."""
    lower, upper = (read(end).numbers for end in (interval.lower, interval.upper))
    point = read(interval.point).numbers if interval.point else None

    def of_block(rows: slice) -> dict[str, int]:
        low, up = lower[rows], upper[rows]
        wrong = {
            "crossed": low > up,
            "zero_width": (low == up) & np.isfinite(low),
            "one_sided": np.isnan(low) != np.isnan(up),
        }
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
