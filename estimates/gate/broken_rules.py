"""Count the rows and cells of the candidate that break a rule, and name them."""

import itertools
from collections.abc import Callable

import msgspec
import numpy as np
import polars as pl

from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.offenders import Detail, DetailValue, OffenderGroup, group_of_rows


class RowRule(msgspec.Struct, frozen=True):
    """What must not be true of a column: `broken` is a boolean expression over the frame, `why`
    says it in words.

    shown  the columns whose values an offender shows, maybe none; default: the column itself
    """

    column: str
    broken: pl.Expr
    why: str
    shown: tuple[str, ...] | None = None


def is_nan(context: EvaluationContext, column: str) -> pl.Expr:
    """True where a float is NaN; polars orders NaN above every number, so a comparison alone would
    let it pass.
    """
    return pl.col(column).is_nan() if context.schema[column].is_float() else pl.lit(False)


def float_rules(
    context: EvaluationContext, broken: Callable[[pl.Expr], pl.Expr], why: str
) -> list[RowRule]:
    """What must not be true of any float, carried attributes and draws too; raises Skip without
    any.
    """
    names = [name for name, dtype in context.schema.items() if dtype.is_float()]
    if not names:
        raise Skip("no_floats")
    rules = [RowRule(name, broken(pl.col(name)), why) for name in names]
    return [*rules, *(RowRule(n, any_draw(n, broken), why, ()) for n in context.contract.samples)]


def any_draw(name: str, broken: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Whether something is true of any draw of a row."""
    return pl.col(name).list.eval(broken(pl.element())).list.any()


def count_broken(
    context: EvaluationContext, rules: list[RowRule]
) -> tuple[list[int], list[OffenderGroup]]:
    """How many rows break each rule; the rows, by rule and then by key; raises Skip without any
    rule.
    """
    if not rules:
        raise Skip("not_in_contract")
    masks = [rule.broken.fill_null(False) for rule in rules]
    # who breaks a rule is looked for among all rows only where one of the others does
    rows_with = context.frame if any(context.count_shared(masks)) else context.compared_rows
    sums = rows_with.select(mask.sum().alias(str(i)) for i, mask in enumerate(masks))
    counts = [int(number) for number in sums.row(0)]
    groups: list[OffenderGroup] = []
    for rule, mask, number in zip(rules, masks, counts, strict=True):
        if number:
            rows = rows_with.select(mask.arg_true()).to_series().to_numpy()
            shown = (rule.column,) if rule.shown is None else rule.shown
            detail = _detail(rule, shown)
            groups.append(group_of_rows(rows_with, context.key, rows, rule.column, detail, shown))
    return counts, groups


def whole_rows(context: EvaluationContext, rows: pl.DataFrame, detail: str) -> OffenderGroup:
    """Keys that offend as a whole, in the order of the rows."""
    return group_of_rows(rows, context.key, np.arange(rows.height), None, (detail,))


def broken_in_total(context: EvaluationContext, rules: list[RowRule], what: str) -> Measure:
    """The number of broken rules over all rows as a check's value; `what` says it in words, as in
    `NaN cells`.
    """
    counts, groups = count_broken(context, rules)
    message = f"{what}: {by_column(rules, counts)}"
    return Measure(sum(counts), context.height, message, offender_groups=groups)


def broken_share(
    context: EvaluationContext, rules: list[RowRule], n: int, what: str, coverage: float = 1.0
) -> Measure:
    """The share of `n` cells that break rules as a check's value; `what` says it in words, as in
    `cells outside their soft bounds`.
    """
    counts, groups = count_broken(context, rules)
    message = f"of {n} {what}: {by_column(rules, counts)}"
    return Measure(sum(counts) / max(n, 1), n, message, coverage, offender_groups=groups)


def by_column(rules: list[RowRule], counts: list[int]) -> str:
    """`3 in close, 1 in lower_80`, or `none`."""
    sums: dict[str, int] = {}
    for rule, number in zip(rules, counts, strict=True):
        if number:
            sums[rule.column] = sums.get(rule.column, 0) + number
    return ", ".join(f"{number} in {column}" for column, number in sums.items()) or "none"


def quantile_grids(context: EvaluationContext) -> list[list[str]]:
    """The quantile columns of each point, by level."""
    grids: dict[str, list[tuple[float, str]]] = {}
    for name, column in context.contract.columns.items():
        if column.quantile is not None:
            point = context.contract.point_of(column)
            grids.setdefault(point, []).append((column.quantile, name))
    return [[name for _, name in sorted(grid)] for grid in grids.values()]


def _detail(rule: RowRule, shown: tuple[str, ...]) -> Detail:
    if not shown:
        return (rule.why,)
    values = [(f"{', ' if i else ''}{name} = ", DetailValue(name)) for i, name in enumerate(shown)]
    return (*itertools.chain(*values), f": {rule.why}")
