"""Check `quantile_change`: predictive distributions move little."""

from estimates.gate.changed_rows import moved_quantiles
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import required
from estimates.stability.family_reports import QuantileReport


def _largest_quantile_change(context: EvaluationContext) -> Measure:
    if not context.report.quantiles:
        raise Skip("not_in_contract")
    reports = [report for report in context.report.quantiles if report.n]
    if not reports:
        why = "no quantile function is whole in both versions"
        required(None, context.report.quantiles[0].reasons, "move", why)
    moves = [(_p95_of_move(report), i) for i, report in enumerate(reports)]
    value, i = max(moves)
    worst = reports[i]
    of = f" of {worst.point}" if worst.point else ""
    message = (
        f"for 95 % of the keys the quantiles{of} moved by at most {value:.3g} of their old IQR"
    )
    limit = context.limit("quantile_change")
    groups = [
        moved_quantiles(context, report, limit)
        for report in reports
        if report.move is not None and report.move.max > limit
    ]
    return Measure(value, worst.n, message, worst.coverage, offender_groups=groups)


def _p95_of_move(report: QuantileReport) -> float:
    p95 = None if report.move is None else report.move.p95
    return required(p95, report.reasons, "move", "quantiles have no scale")


CHECK = Check(
    number=32,
    name="quantile_change",
    title="Predictive distributions move little",
    stage=3,
    measure=_largest_quantile_change,
    purpose="predictive distributions that jump",
    metric="95 % quantile over the keys of the mean quantile change in units of the old IQR",
    turned_on_by="columns of role quantile",
    source="stability.md Q2; limits from the example's replay",
    legend="IQR: the interquartile range, from the 25 % to the 75 % quantile",
    unit="number",
    warn=0.75,
    block=1.25,
)
