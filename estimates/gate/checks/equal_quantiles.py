"""Check `equal_quantiles`: a distribution is more than one number."""

import polars as pl

from estimates.gate.broken_rules import RowRule, broken_share, quantile_grids
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext

_FEWEST = 3  # quantiles; two are an interval, which `zero_width` looks at where it is declared


def _share_of_single_numbers(context: EvaluationContext) -> Measure:
    """Rows whose quantiles are all the same number."""
    grids = [names for names in quantile_grids(context) if len(names) >= _FEWEST]
    columns = context.contract.columns
    bare = set(context.contract.samples) - {c.from_samples for c in columns.values()}
    if not grids and not bare:
        raise Skip("not_in_contract")
    rules = [
        RowRule(
            names[0],
            pl.min_horizontal(names) == pl.max_horizontal(names),
            f"all {len(names)} quantiles are the same",
            (names[0], names[-1]),
        )
        for names in grids
    ]
    for name in sorted(bare):
        draws = pl.col(name).list
        rules.append(RowRule(name, draws.min() == draws.max(), "all draws are the same", ()))
    n = context.height * len(rules)
    return broken_share(context, rules, n, "distributions that are one number")


CHECK = Check(
    number=13,
    name="equal_quantiles",
    title="Quantiles differ",
    stage=2,
    measure=_share_of_single_numbers,
    purpose="certainty nobody has, in a set of quantiles",
    metric="share of rows whose quantiles, three or more, are all the same",
    unit="share",
    warn=0,
)
