"""Check `label_churn`: few labels change."""

from estimates.gate.changed_rows import relabelled
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import label_columns


def _largest_churn(context: EvaluationContext) -> Measure:
    """Null is a label: the share is of all common keys."""
    columns = label_columns(context)
    columns.sort(key=lambda column: (column.metrics.churn, column.name), reverse=True)
    worst, _, label = columns[0]
    message = f"{round(label.churn * label.n)} of {label.n} keys with another label in {worst}"
    groups = [relabelled(context, column.name) for column in columns if column.metrics.churn]
    return Measure(label.churn, label.n, message, offender_groups=groups)


CHECK = Check(
    number=33,
    name="label_churn",
    title="Few labels change",
    stage=3,
    measure=_largest_churn,
    purpose="decisions that flip",
    metric="share of keys whose label changed, worst column",
    turned_on_by="a column of role label",
    source="stability.md C1; limits from the churn example",
    unit="share",
    warn=0.03,
    block=0.08,
    least=10,
)
