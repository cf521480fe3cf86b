"""Count the rows and cells of the candidate that break a rule, and give them as lots."""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
import polars as pl

from estimates.gate.check import Measure
from estimates.gate.evaluation_context import Case
from estimates.gate.offenders import Lot, Told, Value, lots_of


class Rule(msgspec.Struct, frozen=True):
    """What must not be true of a column: `broken` is a boolean expression over the frame, `why`
    says it in words.

    shown  the columns whose values an offender shows; default: the column itself
    """

    column: str
    broken: pl.Expr
    why: str
    shown: tuple[str, ...] = ()


def is_nan(frame: pl.DataFrame, column: str) -> pl.Expr:
    """True where a float is NaN; polars orders NaN above every number, so a comparison alone would
    let it pass.
    """
    return pl.col(column).is_nan() if frame.schema[column].is_float() else pl.lit(False)


def count(case: Case, rules: list[Rule]) -> tuple[list[int], list[Lot]]:
    """How many rows break each rule, of which there is at least one; the rows, by rule and then by
    key.
    """
    assert rules, "without rules polars would count no rows, not none of them"
    masks = [rule.broken.fill_null(False) for rule in rules]
    sums = case.frame.select(mask.sum().alias(str(i)) for i, mask in enumerate(masks))
    counts = [int(total) for total in sums.row(0)]
    lots: list[Lot] = []
    for rule, mask, total in zip(rules, masks, counts, strict=True):
        if total:
            rows = case.frame.select(mask.arg_true()).to_series().to_numpy()
            lots += lots_of(case.frame, case.key, rows, rule.column, _told(rule), _shown(rule))
    return counts, lots


def missing(case: Case, rows: pl.DataFrame, detail: str) -> list[Lot]:
    """Keys that offend as a whole, in the order of the rows."""
    return lots_of(rows, case.key, np.arange(rows.height), None, (detail,))


def total(case: Case, rules: list[Rule], what: str) -> Measure:
    """The number of broken rules over all rows as a check's value; `what` says it in words, as in
    `NaN cells`.
    """
    counts, lots = count(case, rules)
    return Measure(sum(counts), case.frame.height, f"{what}: {by_column(rules, counts)}", lots=lots)


def by_column(rules: list[Rule], counts: list[int]) -> str:
    """`3 in close, 1 in lower_80`, or `none`."""
    sums: dict[str, int] = {}
    for rule, found in zip(rules, counts, strict=True):
        if found:
            sums[rule.column] = sums.get(rule.column, 0) + found
    return ", ".join(f"{found} in {column}" for column, found in sums.items()) or "none"


def _shown(rule: Rule) -> tuple[str, ...]:
    return rule.shown or (rule.column,)


def _told(rule: Rule) -> Told:
    values = [(f"{', ' if i else ''}{name} = ", Value(name)) for i, name in enumerate(_shown(rule))]
    return (*itertools.chain(*values), f": {rule.why}")
