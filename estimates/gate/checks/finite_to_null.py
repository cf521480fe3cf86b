"""Check `finite_to_null`: no estimate of the baseline is lost."""

from estimates.gate.changed_rows import lost_values
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import common_keys


def _lost_estimates(context: EvaluationContext) -> Measure:
    n = common_keys(context)
    lost: dict[str, int] = {}
    for name, column in context.report.columns.items():
        kinds = column.kinds.get("finite", {}).items()
        number = sum(count for kind, count in kinds if kind not in ("finite", "absent"))
        if number:
            lost[name] = number
    columns = ", ".join(f"{number} in {name}" for name, number in lost.items())
    message = f"estimates that the baseline has and this version has not: {columns or 'none'}"
    groups = [lost_values(context, name) for name in lost]
    return Measure(sum(lost.values()), n, message, offender_groups=groups)


CHECK = Check(
    number=23,
    name="finite_to_null",
    title="No estimate lost",
    stage=3,
    measure=_lost_estimates,
    purpose="estimates that were there and are not any more",
    metric="cells that were finite and are not",
    source="stability.md K2",
    block=0,
)
