"""Check `p95_change`: 95 % of the keys move little."""

from estimates.gate.changed_rows import beyond_r
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import (
    central_columns,
    p95_of_r,
    plain_words,
)
from estimates.render.change_text import R_LEGEND


def _largest_p95(context: EvaluationContext) -> Measure:
    """Ends of intervals are left to checks of their own."""
    columns = central_columns(context)
    quantiles = [(p95_of_r(column), column) for column in columns]
    value, worst = max(quantiles, key=lambda item: item[0])
    limit = context.limit("p95_change")
    groups = [
        beyond_r(context, name, limit)
        for name, _, scalar in columns
        if scalar.r is not None and scalar.r.max > limit
    ]
    plain = worst.metrics.plain
    moved = plain_words(plain, None if plain is None else plain.p95)
    message = f"1 in 20 keys moved by more than {moved} in {worst.name}"
    report = worst.report
    return Measure(value, report.n, message, report.coverage, offender_groups=groups)


CHECK = Check(
    number=26,
    name="p95_change",
    title="95 % of the keys move little",
    stage=3,
    measure=_largest_p95,
    purpose="estimates that jump as a whole",
    metric="95 % quantile of the relative change r, worst column",
    source="stability.md S3; limits from the example's replay",
    legend=R_LEGEND,
    unit="number",
    warn=0.15,
    block=0.25,
)
