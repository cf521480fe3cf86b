"""Measures of what the store says of a version's files, and of what its record lacks."""

from collections.abc import Mapping

from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.verdict import Offender


def fault_measure(context: EvaluationContext, fault: str | None, fine: str) -> Measure:
    """1 for a fault, 0 for none, of which `fine` is the message; a file has no such faults."""
    if fault is not None:
        return Measure(1, 1, fault, offenders=[Offender(None, None, fault)])
    if not context.candidate.stored:
        raise Skip("not_stored")
    return Measure(0, 1, fine)


def missing_records(recorded: Mapping[str, bool]) -> Measure:
    """How many things are not recorded, of those that should be."""
    missing = [name for name, is_recorded in recorded.items() if not is_recorded]
    message = (
        f"not recorded: {', '.join(missing)}" if missing else f"recorded: {', '.join(recorded)}"
    )
    offenders = [Offender(None, None, f"{name} is not recorded") for name in missing]
    return Measure(len(missing), len(recorded), message, offenders=offenders)
