"""Check `rank_order`: the order of the keys holds."""

from estimates.gate.changed_rows import candidate_keys
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import ranked_columns
from estimates.gate.verdict import Offender


def _smallest_correlation(context: EvaluationContext) -> Measure:
    columns = ranked_columns(context)
    correlations = [
        (column.metrics.spearman, column)
        for column in columns
        if column.metrics.spearman is not None
    ]
    if not correlations:
        raise Skip(next(iter(columns[0].metrics.reasons.values()), "too_few_keys"))
    value, (worst, report, ranks) = min(correlations)
    keys = candidate_keys(context, [move.key for move in ranks.top])
    examples = [
        Offender(key, worst, f"rank {move.a:g} → {move.b:g}")
        for key, move in zip(keys, ranks.top, strict=True)
    ]
    message = f"Spearman's correlation of {worst} is {value:.4g}"
    return Measure(value, report.n, message, report.coverage, examples)


CHECK = Check(
    number=34,
    name="rank_order",
    title="The order of the keys holds",
    stage=3,
    measure=_smallest_correlation,
    purpose="estimates that were shuffled among keys, which no distribution shows",
    metric="smallest Spearman correlation of old and new values",
    source="stability.md S9; limits are a starting point",
    legend="Spearman's correlation of the ranks: 1 for the same order, 0 for none",
    unit="number",
    warn=0.95,
    block=0.80,
    worse="below",
    halves=False,
    least=10,
)
