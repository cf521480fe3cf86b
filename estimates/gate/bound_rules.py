"""Rules for cells that must lie between two bounds of their column."""

import math

import polars as pl

from estimates.gate.broken_rules import RowRule, any_draw, is_nan
from estimates.gate.evaluation_context import EvaluationContext


def bound_rules(context: EvaluationContext, low: str, high: str) -> list[RowRule]:
    """A rule for each column of the contract that has one of two fields, such as `min` and `max`;
    each draw of samples has to keep it.

    NaN lies inside no bounds, null in all.
    """
    rules: list[RowRule] = []
    for name, column in context.contract.columns.items():
        bounds = {field: getattr(column, field) for field in (low, high)}
        bounds = {field: bound for field, bound in bounds.items() if bound is not None}
        if not bounds:
            continue
        least, most = bounds.get(low, -math.inf), bounds.get(high, math.inf)
        limits = ", ".join(f"{field} {bound:g}" for field, bound in bounds.items())
        if column.role == "samples":
            outside = any_draw(name, lambda draw, a=least, b=most: (draw < a) | ~(draw <= b))
            rules.append(RowRule(name, outside, f"draws outside {limits}", ()))
            continue
        broken = is_nan(context, name)
        if low in bounds:
            broken |= pl.col(name) < least
        if high in bounds:
            broken |= pl.col(name) > most
        rules.append(RowRule(name, broken, f"outside {limits}"))
    return rules
