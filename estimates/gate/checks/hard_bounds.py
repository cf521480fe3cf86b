"""Check `hard_bounds`: no cell lies outside the contract's `min` and `max`."""

from estimates.gate.bound_rules import bound_rules
from estimates.gate.broken_rules import broken_in_total
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _cells_outside(context: EvaluationContext) -> Measure:
    return broken_in_total(
        context, bound_rules(context, "min", "max"), "cells outside their hard bounds"
    )


CHECK = Check(
    number=11,
    name="hard_bounds",
    title="Inside hard bounds",
    stage=2,
    measure=_cells_outside,
    purpose="impossible numbers",
    metric="cells outside the contract's min and max",
    turned_on_by="min or max of a column",
    block=0,
    remedy="write what is possible as `min` and `max` under [columns.COLUMN] in the contract",
)
