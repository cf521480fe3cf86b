"""Check `zero_width`: intervals have a width."""

import polars as pl

from estimates.gate.broken_rules import RowRule, broken_share
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _share_without_width(context: EvaluationContext) -> Measure:
    """Intervals with a missing end are not counted."""
    intervals = context.contract.intervals()
    rules = [
        RowRule(i.lower, pl.col(i.lower) == pl.col(i.upper), "no width", (i.lower, i.upper))
        for i in intervals
    ]
    complete = [~pl.any_horizontal(pl.col(i.lower, i.upper).is_null()) for i in intervals]
    n = sum(context.count(complete))
    coverage = n / max(context.height * len(intervals), 1)
    return broken_share(context, rules, n, "intervals without width", coverage)


CHECK = Check(
    number=12,
    name="zero_width",
    title="Intervals have a width",
    stage=2,
    measure=_share_without_width,
    purpose="certainty nobody has",
    metric="share of intervals with lower = upper",
    turned_on_by="intervals: columns of role lower and upper",
    unit="share",
    warn=0.001,
    block=0.02,
)
