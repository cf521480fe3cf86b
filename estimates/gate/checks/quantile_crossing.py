"""Check `quantile_crossing`: no quantile lies below one of a smaller level."""

import polars as pl

from estimates.gate.broken_rules import RowRule, broken_in_total, is_nan, quantile_grids
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext

_TOLERANCE = 1e-9  # of the largest quantile of the row, in size


def _crossings(context: EvaluationContext) -> Measure:
    rules: list[RowRule] = []
    for names in quantile_grids(context):
        size = pl.max_horizontal(pl.col(names).abs())
        for i, name in enumerate(names[1:], start=1):
            crosses = pl.col(name) < pl.max_horizontal(names[:i]) - _TOLERANCE * size
            broken = crosses | is_nan(context, name)
            rules.append(RowRule(name, broken, "below a smaller quantile", tuple(names)))
    return broken_in_total(context, rules, "quantiles that cross")


CHECK = Check(
    number=13,
    name="quantile_crossing",
    title="Quantiles do not cross",
    stage=2,
    measure=_crossings,
    purpose="distributions that run backwards",
    metric="crossings",
    turned_on_by="columns of role quantile",
    source="stability.md Q4",
    block=0,
    waivable=False,
    remedy="write the level of each column as `quantile` under [columns.COLUMN] in the "
    'contract, or `role = "attribute"`',
)
