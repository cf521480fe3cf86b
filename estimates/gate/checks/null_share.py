"""Check `null_share`: how much of a nullable column is null."""

import polars as pl

from estimates.gate.broken_rules import RowRule, by_column, count_broken
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _largest_null_share(context: EvaluationContext) -> Measure:
    """No default limits: what is normal is the set's own."""
    columns = context.contract.columns
    rules = [
        RowRule(name, pl.col(name).is_null(), "no estimate")
        for name in context.contract.judged
        if columns[name].nullable
    ]
    counts, groups = count_broken(context, rules)
    n = context.height
    message = f"nulls in nullable columns: {by_column(rules, counts)}"
    return Measure(max(counts) / max(n, 1), n, message, offender_groups=groups)


CHECK = Check(
    number=10,
    name="null_share",
    title="Share of nulls where they are allowed",
    stage=2,
    measure=_largest_null_share,
    purpose="a nullable column that silently empties",
    metric="largest share of nulls of a nullable column",
    turned_on_by="a column that is nullable",
    unit="share",
)
