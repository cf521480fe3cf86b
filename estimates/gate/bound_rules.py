"""Rules for cells that must lie between two bounds of their column."""

import polars as pl

from estimates.gate.broken_rules import RowRule, is_nan
from estimates.gate.evaluation_context import EvaluationContext


def bound_rules(context: EvaluationContext, low: str, high: str) -> list[RowRule]:
    """A rule for each column of the contract that has one of two fields, such as `min` and `max`.

    NaN lies inside no bounds, null in all.
    """
    rules: list[RowRule] = []
    for name, column in context.contract.columns.items():
        bounds = {field: getattr(column, field) for field in (low, high)}
        bounds = {field: bound for field, bound in bounds.items() if bound is not None}
        if not bounds:
            continue
        broken = is_nan(context, name)
        if low in bounds:
            broken |= pl.col(name) < bounds[low]
        if high in bounds:
            broken |= pl.col(name) > bounds[high]
        limits = ", ".join(f"{field} {bound:g}" for field, bound in bounds.items())
        rules.append(RowRule(name, broken, f"outside {limits}"))
    return rules
