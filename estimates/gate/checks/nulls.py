"""Check `nulls`: no estimate is missing where the contract does not allow it."""

import polars as pl

from estimates.gate.broken_rules import RowRule, any_draw, broken_in_total
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _forbidden_nulls(context: EvaluationContext) -> Measure:
    columns = context.contract.columns
    rules = [
        RowRule(name, pl.col(name).is_null(), "not nullable")
        for name in (*context.contract.judged, *context.contract.samples)
        if not columns[name].nullable
    ]
    rules += [
        RowRule(name, any_draw(name, pl.Expr.is_null), "a draw is null", ())
        for name in context.contract.samples
    ]
    return broken_in_total(context, rules, "nulls that are not allowed")


CHECK = Check(
    number=10,
    name="nulls",
    title="No nulls where none are allowed",
    stage=2,
    measure=_forbidden_nulls,
    purpose="missing estimates where the contract does not allow them",
    metric="null cells of estimate columns that are not nullable",
    block=0,
    remedy="write `nullable = true` under [columns.COLUMN] in the contract",
)
