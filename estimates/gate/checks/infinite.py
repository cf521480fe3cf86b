"""Check `infinite`: no cell is infinite."""

import polars as pl

from estimates.gate.broken_rules import broken_in_total, float_rules
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _infinite_cells(context: EvaluationContext) -> Measure:
    rules = float_rules(context, pl.Expr.is_infinite, "not a finite number")
    return broken_in_total(context, rules, "infinite cells")


CHECK = Check(
    number=9,
    name="infinite",
    title="No infinities",
    stage=2,
    measure=_infinite_cells,
    purpose="overflow and division by zero",
    metric="infinite cells",
    block=0,
    remedy="write null instead, and `nullable = true` under [columns.COLUMN] in the contract",
)
