"""Check `excess_churn`: labels change only for the better."""

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext


def _largest_excess(context: EvaluationContext) -> Measure:
    excesses = [
        (column.revision.excess_churn, column.revision)
        for column in context.accuracy.columns.values()
        if column.revision is not None and column.revision.excess_churn is not None
    ]
    if not excesses:
        raise Skip("not_in_contract")
    value, worst = max(excesses, key=lambda item: item[0])
    assert worst.churn is not None
    message = (
        f"{100 * worst.churn:.3g} % of {worst.n} labels changed, {100 * value:.3g} % for nothing"
    )
    return Measure(value, worst.n, message, worst.coverage)


CHECK = Check(
    number=40,
    name="excess_churn",
    title="Labels change for the better",
    stage=4,
    measure=_largest_excess,
    purpose="labels that change without getting better",
    metric="share of changed labels beyond what the change of the error rate needs, worst column",
    turned_on_by="a key column that is the target, of several versions",
    source="accuracy.md `excess_churn`; limits are a starting point",
    unit="share",
    warn=0.05,
    baseline=True,
)
