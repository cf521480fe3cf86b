"""Keys that changed against the baseline: the rows that a metric of the stability report counts,
by the report's own formulas.

A check asks only where the report says that there is something. Each group has the candidate's
keys, of removed ones the baseline's.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from estimates.contract.columns import key_text
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import NumericColumn
from estimates.gate.offenders import Detail, DetailMove, DetailValue, OffenderGroup
from estimates.stability import quantiles
from estimates.stability.alignment import Mask, Rows
from estimates.stability.deltas import SLACK, Deltas, asinh, deltas
from estimates.stability.family_reports import QuantileReport
from estimates.stability.interval_changes import IntervalChanges, interval_changes
from estimates.stability.kernels.logarithms import exp
from estimates.stability.plain_change import plain_sizes
from estimates.stability.report import IntervalReport
from estimates.stability.scalar import flips
from estimates.stability.value_kinds import Floats

_OLD, _NEW = DetailValue("old", 6), DetailValue("new", 6)
_FROM_TO: Detail = (_OLD, " → ", _NEW)
_TENTH = 0.1  # of the column's median size: what moved by less is no jump
_HALF = 0.5  # of the column's median size: smaller keys move by chance


def lost_values(context: EvaluationContext, name: str) -> OffenderGroup:
    """K2: keys that had an estimate in a column and have none any more."""
    old, new = context.pair.common(name)
    return _of_column(context, name, np.flatnonzero(old.finite & ~new.finite))


def relabelled(context: EvaluationContext, name: str) -> OffenderGroup:
    """C1: keys with another label than before; null is one."""
    alignment = context.pair.alignment
    differs = alignment.old(name).ne_missing(alignment.new(name))
    return _of_column(context, name, np.flatnonzero(differs.to_numpy()))


def beyond_r(context: EvaluationContext, name: str, limit: float) -> OffenderGroup:
    """S3: keys that moved by r above a limit, by r."""
    d = _deltas(context, name)
    assert d.r is not None, "the report has an r"
    rows = np.flatnonzero(d.r > limit)
    detail = _moved(context, name)
    return _of_column(context, name, _at(d.positions, rows), detail, size=d.r[rows])


def material_changes(context: EvaluationContext, name: str) -> OffenderGroup:
    """S2: keys that changed by more than the contract's tolerance, by r."""
    d = _deltas(context, name)
    rows = np.flatnonzero(d.material)
    # without a scale all that was is 0
    r = np.full(len(rows), np.inf) if d.r is None else d.r[rows]
    return _of_column(context, name, _at(d.positions, rows), _moved(context, name), size=r)


def jumped(context: EvaluationContext, name: str) -> OffenderGroup:
    """S3: keys with r > 1 that moved by more than a tenth of the median size of the old values, by
    g.
    """
    d = _deltas(context, name)
    typical = context.pair.median_size(name)
    size = np.abs(d.d)
    r_above_one = size > np.abs(d.a) / 2 + np.abs(d.b) / 2
    return _by_change(context, name, d, r_above_one & (size > _TENTH * typical))


def factors_beside_others(context: EvaluationContext, column: NumericColumn) -> Floats:
    """By which factor each key changed beside the median of all, or its inverse, at least 1; keys
    in the order of `_deltas`.
    """
    d = _deltas(context, column.name)
    scale = _HALF * context.pair.median_size(column.name)
    if not scale:  # more than half of all was 0: nothing to measure by
        return np.ones(len(d))
    with np.errstate(over="ignore"):
        g = asinh(d.b, scale) - asinh(d.a, scale)
        unmoved = np.zeros(column.report.n - len(d))  # rows that both versions share
        return exp(np.abs(g - np.median(np.concatenate([g, unmoved])))) if len(g) else g


def moved_unlike_others(
    context: EvaluationContext, name: str, factors: Floats, limit: float
) -> OffenderGroup:
    """Keys whose factor of `factors_beside_others` is above a limit, by it."""
    d = _deltas(context, name)
    rows = np.flatnonzero(factors > limit)
    factor = factors[rows]
    detail: Detail = (*_FROM_TO, ", a factor of ", DetailValue("factor", 3), " beside the others")
    return _of_column(context, name, _at(d.positions, rows), detail, {"factor": factor}, factor)


def flipped_signs(context: EvaluationContext, name: str) -> OffenderGroup:
    """S5: keys whose estimate changed its sign, by g."""
    d = _deltas(context, name)
    return _by_change(context, name, d, flips(d.a, d.b))


def beyond_z(context: EvaluationContext, interval: IntervalReport, limit: float) -> OffenderGroup:
    """I1: keys whose point moved by more half widths of its old interval than a limit, by z."""
    moved = _moves(context, interval)
    assert moved.z is not None, "the report has a z"
    rows = np.flatnonzero(moved.z > limit)
    z = moved.z[rows]
    name = f" half widths of its {100 * interval.level:g} % interval"
    detail: Detail = ("moved by ", DetailValue("z", 3), name)
    return _group(context, interval.point, moved.rows[rows], detail, {"z": z}, size=z)


def beyond_one_half_width(context: EvaluationContext, interval: IntervalReport) -> OffenderGroup:
    """The same for one half width, as `z_gt1_share` counts them."""
    return beyond_z(context, interval, SLACK)


def outside_old_interval(context: EvaluationContext, interval: IntervalReport) -> OffenderGroup:
    """I2: keys whose point lies outside its old interval, by how many half widths of it."""
    moved = _moves(context, interval)
    rows, size = moved.outside()
    cells = {
        "new": ("b", interval.point),
        "low": ("a", interval.lower),
        "high": ("a", interval.upper),
    }
    detail: Detail = (_NEW, " outside ", DetailValue("low", 6), " to ", DetailValue("high", 6))
    return _group(context, interval.point, moved.rows[rows], detail, cells=cells, size=size)


def moved_quantiles(
    context: EvaluationContext, report: QuantileReport, limit: float
) -> OffenderGroup:
    """Q2: keys whose quantiles moved by more of their old IQR than a limit, by that."""
    positions, size = quantiles.quantile_changes(context.pair, report)
    rows = np.flatnonzero(size > limit)
    size = size[rows]
    detail: Detail = ("quantiles moved by ", DetailValue("move", 3), " of their old IQR")
    column = report.point or None
    return _group(context, column, positions[rows], detail, {"move": size}, size=size)


def median_change(context: EvaluationContext, column: NumericColumn) -> float:
    """S3a: the median of the changes with their signs, in the measure of the column's report; 0
    without a scale.
    """
    d = _deltas(context, column.name)
    sizes = plain_sizes(d, context.contract.percentage_points(column.name))
    if sizes is None:
        return 0.0
    unmoved = np.zeros(column.report.n - len(d))  # rows that both versions share
    signed = np.copysign(sizes(slice(None)), d.d)
    return float(np.median(np.concatenate([signed, unmoved])))


def candidate_keys(context: EvaluationContext, keys: list[list[str]]) -> list[list[str]]:
    """The candidate's keys of some that are in both versions, as the report names them: steps
    become dates again.
    """
    target = context.contract.target
    pair = context.pair
    if target is None or pair.contract.key[target].type == context.contract.key[target].type:
        return keys
    steps = pl.DataFrame({"step": pair.alignment.b[target], "day": context.frame[target]}).unique()
    days = {key_text(step): key_text(day) for step, day in steps.iter_rows()}
    at = context.key.index(target)
    return [[*key[:at], days[key[at]], *key[at + 1 :]] for key in keys]


def _moved(context: EvaluationContext, name: str) -> Detail:
    """Old and new value, and how far it moved as people say it."""
    return (*_FROM_TO, DetailMove("old", "new", context.contract.percentage_points(name)))


def _deltas(context: EvaluationContext, name: str) -> Deltas:
    pair, policy = context.pair, context.contract.stability
    return deltas(pair.alignment, name, *pair.common(name), pair.scale(name), policy)


def _moves(context: EvaluationContext, interval: IntervalReport) -> IntervalChanges:
    ends = next(
        ends
        for ends in context.contract.all_intervals()
        if (ends.lower, ends.upper) == (interval.lower, interval.upper)
    )
    return interval_changes(context.pair, ends, interval.scale_floor)


def _by_change(context: EvaluationContext, name: str, d: Deltas, changed: Mask) -> OffenderGroup:
    """r is 2 for every change of sign; g tells large ones from small ones."""
    rows = np.flatnonzero(changed)
    assert d.scale is not None, "an old value is not 0"
    g = np.abs(asinh(d.b[rows], d.scale) - asinh(d.a[rows], d.scale))
    return _of_column(context, name, _at(d.positions, rows), _moved(context, name), size=g)


def _of_column(
    context: EvaluationContext,
    name: str,
    positions: Rows,
    detail: Detail = _FROM_TO,
    metrics: Mapping[str, Floats] | None = None,
    size: Floats | None = None,
) -> OffenderGroup:
    cells = {"old": ("a", name), "new": ("b", name)}
    return _group(context, name, positions, detail, metrics, cells, size)


def _group(
    context: EvaluationContext,
    column: str | None,
    positions: Rows,
    detail: Detail,
    metrics: Mapping[str, Floats] | None = None,
    cells: Mapping[str, tuple[str, str]] | None = None,
    size: Floats | None = None,
) -> OffenderGroup:
    """Some of the common keys as a group.

    metrics, cells  what the detail shows of each, by the name that it has for it: numbers, a value
                    each; columns of the baseline (`a`) or the candidate (`b`)
    """
    alignment = context.pair.alignment
    sides = {"a": context.compared_baseline, "b": context.compared_rows}

    def keys(numbers: Rows) -> pl.DataFrame:
        return context.compared_rows.select(context.key)[_at(alignment.rows_b, positions[numbers])]

    def values(numbers: Rows) -> pl.DataFrame:
        picked = positions[numbers]
        rows = {"a": _at(alignment.rows_a, picked), "b": _at(alignment.rows_b, picked)}
        columns = {
            label: sides[side][name][rows[side]] for label, (side, name) in (cells or {}).items()
        }
        numeric = {label: metric[numbers] for label, metric in (metrics or {}).items()}
        return pl.DataFrame(columns | numeric)

    return OffenderGroup(column, len(positions), detail, keys, values, size)


def _at(positions: Rows | None, rows: Rows) -> Rows:
    """Places among all of them, of places among some; None: the same."""
    return rows if positions is None else positions[rows]
