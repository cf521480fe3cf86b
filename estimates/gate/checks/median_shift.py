"""Check `median_shift`: estimates do not all move the same way."""

from estimates.gate.changed_rows import median_change
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import NumericColumn, central_columns, p95_of_r
from estimates.gate.verdict import Offender
from estimates.render.change_text import G_LEGEND, size


def _largest_median(context: EvaluationContext) -> Measure:
    shifts = [(_median_of_g(column), column) for column in central_columns(context)]
    value, worst = max(shifts, key=lambda item: (abs(item[0]), item[1].name))
    limit = context.limit("median_shift")
    offenders = [
        Offender(None, column.name, _half_of_the_keys(context, column, shift))
        for shift, column in sorted(shifts, key=lambda item: (-abs(item[0]), item[1].name))
        if abs(shift) > limit
    ]
    message = f"{_half_of_the_keys(context, worst, value)} in {worst.name}"
    report = worst.report
    return Measure(abs(value), report.n, message, report.coverage, offenders)


def _half_of_the_keys(context: EvaluationContext, column: NumericColumn, shift: float) -> str:
    """The median of the signed changes as people say it."""
    if not shift:
        return "no more than half of the keys moved the same way"
    plain = column.metrics.plain
    measure = "relative" if plain is None else plain.measure
    moved = size(abs(median_change(context, column)), measure)
    return f"half of the keys {'rose' if shift > 0 else 'fell'} by {moved} or more"


def _median_of_g(column: NumericColumn) -> float:
    if column.metrics.g is not None:
        return column.metrics.g.p50
    return p95_of_r(column)  # 0 where all is zero before and after, else an error that says why


CHECK = Check(
    number=27,
    name="median_shift",
    title="Estimates do not all move the same way",
    stage=3,
    measure=_largest_median,
    purpose="estimates that all moved the same way",
    metric="size of the median of the signed change g, worst column",
    source="stability.md S4; limits from the example's replay",
    legend=G_LEGEND,
    unit="number",
    warn=0.03,
    block=0.05,
)
