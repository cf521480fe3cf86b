"""Check `nested_intervals`: an interval of a higher level contains every one of a lower level."""

import polars as pl

from estimates.gate.broken_rules import RowRule, broken_in_total
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _intervals_beyond(context: EvaluationContext) -> Measure:
    intervals = context.contract.intervals()
    rules = [
        RowRule(
            inner.lower,
            (pl.col(inner.lower) < pl.col(outer.lower))
            | (pl.col(inner.upper) > pl.col(outer.upper)),
            f"beyond the {100 * outer.level:g} % interval",
            (outer.lower, inner.lower, inner.upper, outer.upper),
        )
        for inner in intervals
        for outer in intervals
        if inner.point == outer.point and inner.level < outer.level
    ]
    return broken_in_total(context, rules, "intervals beyond one of a higher level")


CHECK = Check(
    number=12,
    name="nested_intervals",
    title="Higher levels contain lower ones",
    stage=2,
    measure=_intervals_beyond,
    purpose="intervals under the name of another level",
    metric="intervals that reach beyond one of a higher level of the same point",
    turned_on_by="intervals of two levels",
    block=0,
    waivable=False,
    remedy="write the level of each interval as `level` under [columns.COLUMN] in the "
    'contract, or `role = "attribute"`',
)
