"""Check `label_churn`: few labels change."""

from __future__ import annotations

from estimates.gate.changed_rows import relabelled
from estimates.gate.check import Check
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import label_columns
from estimates.gate.measure import Measure, Skip


def _largest_churn(context: EvaluationContext) -> Measure | Skip:
    """Null is a label: the share is of all common keys."""
    columns = label_columns(context)
    if not columns:
        return Skip("not_in_contract")
    columns.sort(key=lambda column: (column.label.churn, column.name), reverse=True)
    worst, label = columns[0].name, columns[0].label
    message = f"{round(label.churn * label.n)} of {label.n} keys with another label in {worst}"
    groups = [
        group
        for column in columns
        if column.label.churn
        for group in relabelled(context, column.name)
    ]
    return Measure(label.churn, label.n, message, offender_groups=groups)


CHECK = Check(
    number=33,
    name="label_churn",
    title="Few labels change",
    stage=3,
    measure=_largest_churn,
    purpose="decisions that flip",
    metric="share of keys whose label changed, worst column",
    source="stability.md C1; limits from the churn example",
    unit="share",
    warn=0.03,
    block=0.08,
)
