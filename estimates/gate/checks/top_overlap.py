"""Check `top_overlap`: the keys with the largest estimates stay the largest."""

from __future__ import annotations

from estimates.gate.check import Check
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import column_measure, ranked_columns
from estimates.gate.measure import Measure, Skip


def _smallest_overlap(context: EvaluationContext) -> Measure | Skip:
    """k is the contract's `stability.top_k`; sets with fewer than 2 k keys are left out."""
    columns = ranked_columns(context)
    if isinstance(columns, Skip):
        return columns
    overlaps = [
        (column.ranks.top_k_overlap, column)
        for column in columns
        if column.ranks.top_k_overlap is not None and column.report.n >= 2 * column.ranks.top_k
    ]
    if not overlaps:
        return Skip("too_few_keys")
    value, (worst, report, ranks) = min(overlaps, key=lambda item: (item[0], item[1].name))
    both = round(value * ranks.top_k)
    message = f"{both} of the old top {ranks.top_k} of {worst} are in the new one"
    return column_measure(value, report, message)


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
