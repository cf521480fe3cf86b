"""Check `rank_order`: the order of the keys holds."""

import numpy as np

from estimates.gate.changed_rows import candidate_keys
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import chances_alone, common_keys, ranked_columns
from estimates.gate.verdict import Offender


def _smallest_correlation(context: EvaluationContext) -> Measure:
    chances = chances_alone(context)
    if chances:
        return _best_of_chances(context, chances)
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


def _best_of_chances(context: EvaluationContext, names: list[str]) -> Measure:
    """Chances of one key move together, and rare categories in no order; where they lie beside the
    wrong keys, no category keeps its order.
    """
    from estimates.stability.ranks import spearman

    common_keys(context)
    correlations: list[tuple[float, str, int]] = []
    for name in names:
        old, new = context.pair.common(name)
        both = np.flatnonzero(old.finite & new.finite)
        value = spearman(old.numbers[both], new.numbers[both])
        if value is not None:
            correlations.append((value, name, len(both)))
    if not correlations:
        raise Skip("constant")
    value, best, n = max(correlations)
    of_several = f", the best kept of {len(names)} chances," if len(names) > 1 else ""
    message = f"Spearman's correlation of {best}{of_several} is {value:.4g}"
    return Measure(value, n, message, n / context.pair.common_rows)


CHECK = Check(
    number=34,
    name="rank_order",
    title="The order of the keys holds",
    stage=3,
    measure=_smallest_correlation,
    purpose="estimates that were shuffled among keys, which no distribution shows",
    metric="smallest Spearman correlation of old and new values of points and scores; of a set of "
    "probabilities alone the largest",
    source="stability.md S9; limits are a starting point",
    legend="Spearman's correlation of the ranks: 1 for the same order, 0 for none",
    unit="number",
    warn=0.95,
    block=0.80,
    worse="below",
    halves=False,
    least=10,
)
