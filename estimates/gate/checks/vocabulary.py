"""Check `vocabulary`: every label is one of the contract's."""

import polars as pl

from estimates.gate.broken_rules import RowRule, broken_in_total
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _unknown_labels(context: EvaluationContext) -> Measure:
    rules = [
        RowRule(name, ~pl.col(name).is_in(list(column.labels)), "not in the vocabulary")
        for name, column in context.contract.columns.items()
        if column.labels is not None
    ]
    return broken_in_total(context, rules, "labels outside the vocabulary")


CHECK = Check(
    number=15,
    name="vocabulary",
    title="Labels in the vocabulary",
    stage=2,
    measure=_unknown_labels,
    purpose="labels that no reader knows",
    metric="cells outside the contract's labels",
    turned_on_by="a column of role label",
    block=0,
    remedy="add the label to `labels` under [columns.COLUMN] in the contract",
)
