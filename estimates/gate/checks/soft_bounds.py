"""Check `soft_bounds`: few cells lie outside the contract's `soft_min` and `soft_max`."""

from __future__ import annotations

from estimates.gate.bound_rules import bound_rules
from estimates.gate.broken_rules import by_column, count_broken
from estimates.gate.check import Check
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.measure import Measure, Skip


def _share_outside(context: EvaluationContext) -> Measure | Skip:
    """Nulls are not counted."""
    rules = bound_rules(context, "soft_min", "soft_max")
    if not rules:
        return Skip("not_in_contract")
    counts, groups = count_broken(context, rules)
    frame = context.frame
    n = sum(frame.height - frame[rule.column].null_count() for rule in rules)
    coverage = n / max(frame.height * len(rules), 1)
    message = f"of {n} cells outside their soft bounds: {by_column(rules, counts)}"
    return Measure(sum(counts) / max(n, 1), n, message, coverage, offender_groups=groups)


CHECK = Check(
    number=11,
    name="soft_bounds",
    title="Inside soft bounds",
    stage=2,
    measure=_share_outside,
    purpose="implausible numbers",
    metric="share of cells outside soft_min and soft_max",
    unit="share",
    warn=0.001,
)
