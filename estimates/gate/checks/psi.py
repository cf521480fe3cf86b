"""Check `psi`: the distribution does not drift."""

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import common_keys


def _largest_psi(context: EvaluationContext) -> Measure:
    """0.10 is the convention; it never blocks."""
    common_keys(context)
    indexes = [
        (column.drift.psi, name, column)
        for name, column in context.report.columns.items()
        if column.drift is not None and column.drift.psi is not None
    ]
    if not indexes:
        raise Skip("no_numeric_estimates")
    value, worst, column = max(indexes, key=lambda item: item[:2])
    return Measure(value, column.n, f"PSI of {worst} is {value:.3g}", column.coverage)


CHECK = Check(
    number=36,
    name="psi",
    title="The distribution does not drift",
    stage=3,
    measure=_largest_psi,
    purpose="a distribution that drifts as a whole",
    metric="largest population stability index over the deciles of the baseline",
    source="stability.md S10",
    legend="PSI, the population stability index: how far distributions are apart, 0 for the same",
    unit="number",
    warn=0.10,
    least=1000,  # below, PSI is chance
)
