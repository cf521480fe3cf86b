"""Check `nan`: no cell is NaN."""

from __future__ import annotations

import polars as pl

from estimates.gate.broken_rules import RowRule, broken_in_total
from estimates.gate.check import Check
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.measure import Measure, Skip


def _nan_cells(context: EvaluationContext) -> Measure | Skip:
    """Carried attributes too: publish stores no NaN in any column."""
    rules = [
        RowRule(name, pl.col(name).is_nan(), "write null for no estimate")
        for name, dtype in context.frame.schema.items()
        if dtype.is_float()
    ]
    return broken_in_total(context, rules, "NaN cells") if rules else Skip("no_floats")


CHECK = Check(
    number=8,
    name="nan",
    title="No NaN",
    stage=2,
    measure=_nan_cells,
    purpose="NaN, which no reader can compare or send as JSON",
    metric="NaN cells",
    block=0,
)
