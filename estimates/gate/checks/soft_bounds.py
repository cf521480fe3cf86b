"""Check `soft_bounds`: few cells lie outside the contract's `soft_min` and `soft_max`."""

import polars as pl

from estimates.gate.bound_rules import bound_rules
from estimates.gate.broken_rules import broken_share
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _share_outside(context: EvaluationContext) -> Measure:
    """Nulls are not counted."""
    rules = bound_rules(context, "soft_min", "soft_max")
    n = sum(context.count([pl.col(rule.column).is_not_null() for rule in rules]))
    coverage = n / max(context.height * len(rules), 1)
    return broken_share(context, rules, n, "cells outside their soft bounds", coverage)


CHECK = Check(
    number=11,
    name="soft_bounds",
    title="Inside soft bounds",
    stage=2,
    measure=_share_outside,
    purpose="implausible numbers",
    metric="share of cells outside soft_min and soft_max",
    turned_on_by="soft_min or soft_max of a column",
    unit="share",
    warn=0.001,
    remedy="write what is usual as `soft_min` and `soft_max` under [columns.COLUMN] in the "
    "contract",
)
