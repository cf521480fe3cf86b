"""Check `nan`: no cell is NaN."""

import polars as pl

from estimates.gate.broken_rules import broken_in_total, float_rules
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _nan_cells(context: EvaluationContext) -> Measure:
    rules = float_rules(context, pl.Expr.is_nan, "write null for no estimate")
    return broken_in_total(context, rules, "NaN cells")


CHECK = Check(
    number=8,
    name="nan",
    title="No NaN",
    stage=2,
    measure=_nan_cells,
    purpose="NaN, which no reader can compare or send as JSON",
    metric="NaN cells",
    block=0,
    remedy="write null instead, and `nullable = true` under [columns.COLUMN] in the contract",
)
