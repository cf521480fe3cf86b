"""Check `probabilities`: they lie in 0..1, and those of all labels add up to 1."""

import polars as pl

from estimates.contract.probability_sums import beyond
from estimates.gate.broken_rules import RowRule, broken_in_total, is_nan
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext

_TOLERANCE = 1e-9  # of one probability


def _invalid_probabilities(context: EvaluationContext) -> Measure:
    contract = context.contract
    names = contract.of_role("probability")
    rules = [
        RowRule(
            name,
            is_nan(context, name) | (pl.col(name) < -_TOLERANCE) | (pl.col(name) > 1 + _TOLERANCE),
            "not in 0..1",
        )
        for name in names
    ]
    if len(names) > 1:
        rules += _vector_rules(context, names)
    return broken_in_total(context, rules, "invalid probabilities and sums")


def _vector_rules(context: EvaluationContext, names: list[str]) -> list[RowRule]:
    """Several probabilities are one distribution over labels: all null or none, with a sum of 1,
    or of at most 1 when some labels of the vocabulary have no column.
    """
    columns = context.contract.columns
    labels = {columns[name].label for name in names}
    is_partial = any(
        column.labels is not None and labels < set(column.labels) for column in columns.values()
    )
    total, allowed = pl.sum_horizontal(names), context.sum_tolerance
    any_null = pl.any_horizontal(pl.col(names).is_null())
    all_null = pl.all_horizontal(pl.col(names).is_null())
    off = total - 1 if is_partial else (total - 1).abs()
    why = f"they add up to {'more than' if is_partial else 'other than'} 1"
    shown = tuple(names)
    return [
        RowRule(names[0], any_null & ~all_null, "one probability without the others", shown),
        RowRule(names[0], ~any_null & beyond(off, allowed), why, shown),
    ]


CHECK = Check(
    number=14,
    name="probabilities",
    title="Probabilities valid",
    stage=2,
    measure=_invalid_probabilities,
    purpose="numbers that are no probabilities",
    metric="invalid probabilities and sums",
    turned_on_by="columns of role probability",
    source="stability.md C5",
    block=0,
    remedy="write `sum_tolerance = 0.01` into the contract for sums that are rounded; what "
    'is no probability gets `role = "score"`',
)
