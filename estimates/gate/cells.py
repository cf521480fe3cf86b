"""Count and name the rows and cells that break a rule; the only place where rows become offenders."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

from estimates.frame import key_text
from estimates.gate.case import Case
from estimates.gate.check import Measure
from estimates.gate.verdict import OFFENDERS, Offender


class Rule(msgspec.Struct, frozen=True):
    """What must not be true of a column: `broken` is a boolean expression over the frame, `why` says it in words.

    shown  the columns whose values an offender shows; default: the column itself
    """

    column: str
    broken: pl.Expr
    why: str
    shown: tuple[str, ...] = ()


def is_nan(frame: pl.DataFrame, column: str) -> pl.Expr:
    """True where a float is NaN; polars orders NaN above every number, so a comparison alone would let it pass."""
    return pl.col(column).is_nan() if frame.schema[column].is_float() else pl.lit(False)


def count(case: Case, rules: list[Rule]) -> tuple[list[int], list[Offender]]:
    """How many rows break each rule, of which there is at least one; the first offenders, by rule and then by key."""
    assert rules, "without rules polars would count no rows, not none of them"
    masks = [rule.broken.fill_null(False) for rule in rules]
    sums = case.frame.select(mask.sum().alias(str(i)) for i, mask in enumerate(masks))
    counts = [int(total) for total in sums.row(0)]
    offenders: list[Offender] = []
    for rule, mask, total in zip(rules, masks, counts, strict=True):
        if total and case.every is not None:
            keep(case, case.frame.filter(mask), rule.column, _told(rule))
        if total and len(offenders) < OFFENDERS:
            offenders += named(case.frame.filter(mask).head(OFFENDERS - len(offenders)), case.key, rule)
    return counts, offenders


def named(rows: pl.DataFrame, key: list[str], rule: Rule) -> list[Offender]:
    """One offender a row, with the values that the rule is about."""
    shown = list(rule.shown or (rule.column,))
    values = rows.select(shown).rows()
    return [
        Offender(texts, rule.column, f"{_assign(shown, row)}: {rule.why}")
        for texts, row in zip(keys(rows, key), values, strict=True)
    ]


def keys(rows: pl.DataFrame, key: list[str]) -> list[list[str]]:
    """The keys of the first rows as text."""
    return [["null" if p is None else key_text(p) for p in row] for row in rows.select(key).head(OFFENDERS).iter_rows()]


def missing(case: Case, rows: pl.DataFrame, detail: str) -> list[Offender]:
    """Offenders that are keys as a whole."""
    keep(case, rows, None, pl.lit(detail))
    return [Offender(texts, None, detail) for texts in keys(rows, case.key)]


def keep(case: Case, rows: pl.DataFrame, column: str | None, detail: pl.Expr) -> None:
    """Put all rows that offend where they are asked for, beyond those that the verdict has room for."""
    if case.every is not None:
        told = (pl.lit(column, pl.String).alias("column"), detail.alias("detail"))
        case.every.append(rows.select(*case.key, *told))


def total(case: Case, rules: list[Rule], what: str) -> Measure:
    """The number of broken rules over all rows as a check's value; `what` says it in words, as in `NaN cells`."""
    counts, offenders = count(case, rules)
    broken = sum(counts)
    return Measure(
        value=broken,
        n=case.frame.height,
        message=f"{what}: {by_column(rules, counts)}",
        offending=broken,
        offenders=offenders,
    )


def by_column(rules: list[Rule], counts: list[int]) -> str:
    """`3 in close, 1 in lower_80`, or `none`."""
    sums: dict[str, int] = {}
    for rule, found in zip(rules, counts, strict=True):
        if found:
            sums[rule.column] = sums.get(rule.column, 0) + found
    return ", ".join(f"{found} in {column}" for column, found in sums.items()) or "none"


def _assign(names: list[str], row: tuple[Any, ...]) -> str:
    return ", ".join(f"{name} = {_value(value)}" for name, value in zip(names, row, strict=True))


def _told(rule: Rule) -> pl.Expr:
    """The same for all rows at once, with every digit."""
    shown = rule.shown or (rule.column,)
    values = [pl.format(f"{name} = {{}}", pl.col(name).cast(pl.String).fill_null("null")) for name in shown]
    return pl.concat_str([pl.concat_str(values, separator=", "), pl.lit(f": {rule.why}")])


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.12g}"
    return "null" if value is None else repr(value) if isinstance(value, str) else key_text(value)
