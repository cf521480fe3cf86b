"""Check `interval_order`: lower <= point <= upper, and never one end without the other."""

import polars as pl

from estimates.contract.contract import Interval
from estimates.gate.broken_rules import RowRule, broken_in_total, is_nan
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _intervals_out_of_order(context: EvaluationContext) -> Measure:
    rules = [_order_rule(context, interval) for interval in context.contract.intervals()]
    return broken_in_total(context, rules, "intervals out of order")


def _order_rule(context: EvaluationContext, interval: Interval) -> RowRule:
    lower, upper = pl.col(interval.lower), pl.col(interval.upper)
    broken = (lower > upper).fill_null(False) | (lower.is_null() != upper.is_null())
    shown = (interval.lower, interval.upper)
    if interval.point:
        point = pl.col(interval.point)
        broken |= (lower > point).fill_null(False) | (point > upper).fill_null(False)
        shown = (interval.lower, interval.point, interval.upper)
    for name in shown:
        broken |= is_nan(context, name).fill_null(False)
    return RowRule(interval.lower, broken, "out of order", shown)


CHECK = Check(
    number=12,
    name="interval_order",
    title="lower <= point <= upper",
    stage=2,
    measure=_intervals_out_of_order,
    purpose="swapped or torn intervals",
    metric="intervals out of order",
    turned_on_by="intervals: columns of role lower and upper",
    source="stability.md I0",
    block=0,
    waivable=False,
    remedy='columns that are no interval get `role = "attribute"` in the contract; exchanged'
    " ends exchange their roles",
)
