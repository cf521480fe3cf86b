"""I: how one prediction interval moved, in units of its own half width (I0 to I6)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np

from estimates.contract.contract import Interval
from estimates.stability.aligned import AlignedVersions
from estimates.stability.alignment import Rows
from estimates.stability.deltas import SLACK, at_least
from estimates.stability.groups import surprises
from estimates.stability.interval_changes import (
    EndColumns,
    Ends,
    IntervalChanges,
    floor_at,
    floor_in,
    interval_changes,
    outside,
    point_moves,
    scale_of,
    unit_of,
    width_changes,
)
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
_BEYOND = math.log(1.25)
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


def measure(pair: AlignedVersions, interval: Interval) -> IntervalReport:
    """Summarise how an interval moved."""
    scale = scale_of(pair, interval)
    changes = interval_changes(pair, interval, scale)
    n, common = len(changes), pair.alignment.common
    summaries_by_name = summaries(_metrics(changes), n, _QUANTILES) if n else {}
    z, width = summaries_by_name.get("z"), summaries_by_name.get("width_change")
    z = z if z is not None and math.isfinite(z.largest) else None
    return IntervalReport(
        point=interval.point,
        level=interval.level,
        lower=interval.lower,
        upper=interval.upper,
        from_quantiles=interval.from_quantiles,
        n=n,
        coverage=n / common if common else None,
        order_from=_order(pair.all_old, interval),
        order_to=_order(pair.all_new, interval),
        scale_floor=scale,
        z=None
        if z is None
        else PointMove(z.mean, z.quantiles[0], z.quantiles[1], z.quantiles[2], z.largest),
        z_gt1_share=None if z is None else summaries_by_name["z_gt1"].mean,
        z_top=[] if z is None else _top(pair, changes),
        new_outside_old=summaries_by_name["new_outside_old"].mean
        if "new_outside_old" in summaries_by_name
        else None,
        old_outside_new=summaries_by_name["old_outside_new"].mean
        if "old_outside_new" in summaries_by_name
        else None,
        # −0.0 is 0.0
        jaccard=Spread(*(part + 0.0 for part in summaries_by_name["jaccard"].quantiles))
        if n
        else None,
        disjoint_share=summaries_by_name["disjoint"].mean if n else None,
        width_change=None if width is None else Spread(*width.quantiles),
        width_beyond_share=None if width is None else summaries_by_name["width_beyond"].mean,
        lower_change=_end_change(pair, interval, scale, summaries_by_name, lower=True),
        upper_change=_end_change(pair, interval, scale, summaries_by_name, lower=False),
        asymmetry_change=_asymmetry_change(changes.old, changes.new, common, summaries_by_name)
        if interval.point
        else SignedChange(0, 0.0 if common else None, None, None, "no_point"),
        reasons=_reasons(n, interval, scale, z is None),
        groups={} if z is None else _groups(pair, changes),
    )


def _metrics(changes: IntervalChanges) -> Callable[[slice], Named]:
    """The metrics of some keys, by name."""
    old, new, floor = changes.old, changes.new, changes.floor

    def of_rows(rows: slice) -> Named:
        was, now = old.at(rows), new.at(rows)
        width, width_now = was.width, now.width
        overlap, jaccard = _overlap(was, now)
        yield "disjoint", overlap < 0
        yield "jaccard", jaccard
        if changes.pointed:
            yield "new_outside_old", outside(now.point, was)
            yield "old_outside_new", outside(was.point, now)
            yield "narrow", ~((width > 0) & (width_now > 0))
            yield from _change_and_size(
                "asymmetry", (now.upper - now.point) / width_now - (was.upper - was.point) / width
            )
        if floor is not None:
            unit, unit_now = (at_least(x, floor_at(floor, rows)) for x in (width, width_now))
            change = width_changes(unit, unit_now, changes.ratios)
            yield "width_change", change
            yield "width_beyond", np.abs(change) > _BEYOND * SLACK
            yield from _change_and_size("lower", 2 * ((now.lower - was.lower) / unit))
            yield from _change_and_size("upper", 2 * ((now.upper - was.upper) / unit))
            if changes.pointed:
                z = point_moves(was, now, unit)
                yield "z", z
                yield "z_gt1", z > SLACK

    return of_rows


def _change_and_size(name: str, change: Floats) -> Named:
    """A change and its size."""
    yield name, change
    yield f"|{name}|", np.abs(change)


def _groups(pair: AlignedVersions, changes: IntervalChanges) -> dict[str, list[GroupSurprise]]:
    """The share of the keys whose point moved beyond its interval, by each group column; there is a
    z.
    """
    z = changes.z_of
    assert z is not None
    groups = pair.contract.stability.groups
    return {
        by: surprises(pair.grouping(by), changes.places, lambda block: z(block) > SLACK)
        for by in groups
    }


def _top(pair: AlignedVersions, changes: IntervalChanges) -> list[Surprise]:
    """The keys whose point moved most, of those that moved; there is a z."""
    z, places = changes.z_of, changes.places
    assert z is not None
    picked = largest_first(_TOP, len(changes), z)
    size = z(picked)
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


def _end_change(
    pair: AlignedVersions,
    interval: Interval,
    scale: float | None,
    summaries_by_name: dict[str, Summary],
    *,
    lower: bool,
) -> SignedChange:
    """I5, of one end; needs the other end in A only for the width, and takes twice the distance to
    the point else.

    Where all ends of all keys are finite, `summaries_by_name` has it already.
    """
    name, common = "lower" if lower else "upper", pair.alignment.common
    if name in summaries_by_name and summaries_by_name[name].rows == common:
        return _signed(summaries_by_name, name, common, common)
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
    unit = unit_of(sides, columns)
    was, now, far = columns if unit is None else [column * unit for column in columns]
    width = fill_column(lambda rows: far[rows] - was[rows] if lower else was[rows] - far[rows], n)
    width[one_sided] *= 2
    floor = floor_in(scale, unit)

    def change(rows: slice) -> Named:
        return _change_and_size(
            name, 2 * ((now[rows] - was[rows]) / at_least(width[rows], floor_at(floor, rows)))
        )

    return _signed(summaries(change, n, _QUANTILES), name, n, common)


def _replaced(values: Floats, rows: Rows, by: Floats) -> Floats:
    if not len(rows):
        return values
    values = values.copy()
    values[rows] = by[rows]
    return values


def _asymmetry_change(
    old: EndColumns, new: EndColumns, common: int, summaries_by_name: dict[str, Summary]
) -> SignedChange:
    """I6: where the point stands in its interval, from 1 at the lower end to 0 at the upper end.

    Where all intervals are wider than 0, `summaries_by_name` has it already.
    """
    wide = (
        np.flatnonzero((old.whole().width > 0) & (new.whole().width > 0))
        if not summaries_by_name or summaries_by_name["narrow"].mean
        else None
    )
    if wide is None:
        return _signed(summaries_by_name, "asymmetry", len(old.lower), common)
    if not len(wide):
        return SignedChange(0, 0.0 if common else None, None, None, "no_comparable_keys")
    old, new = old.at(wide), new.at(wide)

    def change(rows: slice) -> Named:
        was, now = old.at(rows), new.at(rows)
        return _change_and_size(
            "asymmetry", (now.upper - now.point) / now.width - (was.upper - was.point) / was.width
        )

    return _signed(summaries(change, len(wide), _QUANTILES), "asymmetry", len(wide), common)


def _signed(summaries_by_name: dict[str, Summary], name: str, n: int, common: int) -> SignedChange:
    """A change and its size, summarised on n keys."""
    change, size = summaries_by_name[name], summaries_by_name[f"|{name}|"]
    if not math.isfinite(size.largest):
        return SignedChange(n, n / common, None, None, "overflow")
    return SignedChange(n, n / common, change.mean, size.quantiles[0])


def _order(read: Callable[[str], ColumnValues], interval: Interval) -> IntervalOrder:
    """I0, over all rows of one version; a comparison with null or NaN is no violation."""
    ends = read(interval.lower), read(interval.upper)
    lower, upper = (end.column for end in ends)
    # a point such as the mean may lie outside a narrow pair of quantiles
    pointed = interval.point and not interval.from_quantiles
    point = read(interval.point).column if pointed else None
    whole = all(end.whole for end in ends)

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
