"""Check `top_overlap`: the keys with the largest estimates stay the largest."""

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import ranked_columns


def _smallest_overlap(context: EvaluationContext) -> Measure:
    """k is the contract's `stability.top_k`; sets with fewer than 2 k keys are left out."""
    overlaps = [
        (column.metrics.top_k_overlap, column)
        for column in ranked_columns(context)
        if column.metrics.top_k_overlap is not None and column.report.n >= 2 * column.metrics.top_k
    ]
    if not overlaps:
        raise Skip("too_few_keys")
    value, (worst, report, ranks) = min(overlaps)
    both = round(value * ranks.top_k)
    message = f"{both} of the old top {ranks.top_k} of {worst} are in the new one"
    return Measure(value, report.n, message, report.coverage)


CHECK = Check(
    number=34,
    name="top_overlap",
    title="The top stays",
    stage=3,
    measure=_smallest_overlap,
    purpose="a top that is exchanged",
    metric="smallest share of the old top k that is in the new one",
    source="stability.md S9; limits are a starting point",
    unit="share",
    warn=0.8,
    worse="below",
    halves=False,
)
