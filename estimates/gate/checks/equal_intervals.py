"""Check `equal_intervals`: intervals of two levels differ."""

import polars as pl

from estimates.gate.broken_rules import RowRule, broken_share
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _share_of_equal_intervals(context: EvaluationContext) -> Measure:
    """Intervals without width are left to `zero_width`."""
    intervals = context.contract.intervals()
    rules = [
        RowRule(
            inner.lower,
            (pl.col(inner.lower) == pl.col(outer.lower))
            & (pl.col(inner.upper) == pl.col(outer.upper))
            & (pl.col(inner.lower) < pl.col(inner.upper)),
            f"the same as the {100 * outer.level:g} % interval",
            (inner.lower, inner.upper),
        )
        for inner in intervals
        for outer in intervals
        if inner.point == outer.point and inner.level < outer.level
    ]
    n = context.height * len(rules)
    return broken_share(context, rules, n, "intervals the same as one of another level")


CHECK = Check(
    number=12,
    name="equal_intervals",
    title="Levels differ",
    stage=2,
    measure=_share_of_equal_intervals,
    purpose="one level's ends in the columns of another",
    metric="share of intervals that are the same as one of another level of the same point",
    turned_on_by="intervals of two levels",
    unit="share",
    block=0.02,
)
