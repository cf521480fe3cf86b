"""Check `width_change`: intervals keep their width."""

import math
from typing import NamedTuple

import polars as pl

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import (
    comparable_intervals,
    interval_name,
    no_finite_interval,
    required,
)
from estimates.gate.interval_widths import log_width_changes, pairs_of_same_step, spans
from estimates.gate.verdict import Offender
from estimates.stability.report import IntervalReport


class _WidthChange(NamedTuple):
    """An interval, or a pair of quantiles, and the median of the logarithm of its new to its old
    width.
    """

    name: str
    lower: str
    log_ratio: float
    n: int
    coverage: float


def _largest_width_change(context: EvaluationContext) -> Measure:
    """Where the set has a target, widths of the same target step are compared, the interval for
    tomorrow with what was the interval for tomorrow, and pairs of quantiles count as intervals.
    """
    pairs = pairs_of_same_step(context)
    changes = _of_report(context) if pairs is None else _of_pairs(context, pairs)
    worst = max(changes, key=_ratio)
    limit = context.limit("width_change")
    offenders = [
        Offender(
            None,
            change.lower,
            f"the {change.name} is {math.exp(change.log_ratio):.3g} times as wide",
        )
        for change in sorted(changes, key=lambda change: -abs(change.log_ratio))
        if _ratio(change) > limit
    ]
    times = f"{math.exp(worst.log_ratio):.3g} times the old one"
    message = f"the median width of the {worst.name} is {times}"
    return Measure(_ratio(worst), worst.n, message, worst.coverage, offenders)


def _ratio(change: _WidthChange) -> float:
    """The ratio of the widths or its inverse, whichever is above 1."""
    return math.exp(abs(change.log_ratio))


def _of_report(context: EvaluationContext) -> list[_WidthChange]:
    return [
        _WidthChange(
            interval_name(interval.level, interval.point),
            interval.lower,
            _median_change(interval),
            interval.n,
            interval.coverage or 0.0,
        )
        for interval in comparable_intervals(context, with_point=False)
    ]


def _median_change(interval: IntervalReport) -> float:
    spread = interval.width_change
    median = None if spread is None else spread.p50
    return required(median, interval.reasons, "width_change", "widths have no scale")


def _of_pairs(context: EvaluationContext, pairs: pl.DataFrame) -> list[_WidthChange]:
    """Raises InvalidError (`no_comparable_keys`) when there are spans and none can be compared."""
    compared = spans(context)
    changes: list[_WidthChange] = []
    for span in compared:
        log_ratios = log_width_changes(pairs, span)["change"]
        median = log_ratios.median()
        if isinstance(median, float):
            n = len(log_ratios)
            coverage = n / max(pairs.height, 1)
            changes.append(_WidthChange(span.name, span.lower, median, n, coverage))
    if not changes:
        raise no_finite_interval() if compared else Skip("not_in_contract")
    return changes


CHECK = Check(
    number=31,
    name="width_change",
    title="Intervals keep their width",
    stage=3,
    measure=_largest_width_change,
    purpose="intervals that suddenly say more or less",
    metric="median ratio of new to old width, or its inverse, whichever is above 1, worst interval",
    turned_on_by="intervals: columns of role lower and upper",
    source="stability.md I4; limits from the example's replay",
    unit="number",
    warn=1.10,
    block=1.15,
    halves=False,
)
