"""Check `infinite`: no cell is infinite."""

from __future__ import annotations

import polars as pl

from estimates.gate.broken_rules import RowRule, broken_in_total
from estimates.gate.check import Check
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.measure import Measure, Skip


def _infinite_cells(context: EvaluationContext) -> Measure | Skip:
    """Carried attributes too: publish stores no infinity in any column."""
    rules = [
        RowRule(name, pl.col(name).is_infinite(), "not a finite number")
        for name, dtype in context.frame.schema.items()
        if dtype.is_float()
    ]
    return broken_in_total(context, rules, "infinite cells") if rules else Skip("no_floats")


CHECK = Check(
    number=9,
    name="infinite",
    title="No infinities",
    stage=2,
    measure=_infinite_cells,
    purpose="overflow and division by zero",
    metric="infinite cells",
    block=0,
)
