"""Stage 2, the numbers alone: finite, complete, inside their bounds and vocabulary, and not copies
of each other.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from estimates.contract.columns import NUMERIC_ROLES
from estimates.gate.cells import Rule, by_column, count, is_nan, missing, total
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.gate.repeated_values import commonest, repeats
from estimates.gate.verdict import Offender
from estimates.stability.kernels.blocks import together

_NOTABLE = 0.001  # of a column: the part that a value has to fill to be looked at


def nan(case: Case) -> Measure | Skip:
    """Protects from NaN, which no reader can compare or send as JSON. Metric: NaN cells.

    Block above 0. Source: gate.md 8.
    """
    rules = [
        Rule(name, pl.col(name).is_nan(), "write null for no estimate") for name in _floats(case)
    ]
    return total(case, rules, "NaN cells") if rules else Skip("no_floats")


def infinite(case: Case) -> Measure | Skip:
    """Protects from overflow and division by zero. Metric: infinite cells. Block above 0. Source:
    gate.md 9.
    """
    rules = [
        Rule(name, pl.col(name).is_infinite(), "not a finite number") for name in _floats(case)
    ]
    return total(case, rules, "infinite cells") if rules else Skip("no_floats")


def nulls(case: Case) -> Measure | Skip:
    """Protects from missing estimates where the contract does not allow them.

    Metric: null cells of estimate columns that are not nullable. Block above 0. Source: gate.md 10.
    """
    columns = [name for name in case.contract.judged if not case.contract.columns[name].nullable]
    if not columns:
        return Skip("not_in_contract")
    return total(
        case,
        [Rule(name, pl.col(name).is_null(), "not nullable") for name in columns],
        "nulls that are not allowed",
    )


def null_share(case: Case) -> Measure | Skip:
    """Protects from a nullable column that silently empties. Metric: largest share of nulls of a
    nullable column.

    No default limits: what is normal is the set's own. Source: gate.md 10.
    """
    columns = [name for name in case.contract.judged if case.contract.columns[name].nullable]
    if not columns:
        return Skip("not_in_contract")
    rules = [Rule(name, pl.col(name).is_null(), "no estimate") for name in columns]
    counts, lots = count(case, rules)
    n = case.frame.height
    message = f"nulls in nullable columns: {by_column(rules, counts)}"
    return Measure(max(counts) / max(n, 1), n, message, lots=lots)


def hard_bounds(case: Case) -> Measure | Skip:
    """Protects from impossible numbers. Metric: cells outside the contract's min and max.

    Block above 0. Source: gate.md 11.
    """
    rules = _bounds(case, "min", "max")
    return (
        total(case, rules, "cells outside their hard bounds") if rules else Skip("not_in_contract")
    )


def soft_bounds(case: Case) -> Measure | Skip:
    """Protects from implausible numbers. Metric: share of cells outside soft_min and soft_max. Warn
    above 0.1 %.

    Nulls are not counted. Source: gate.md 11.
    """
    rules = _bounds(case, "soft_min", "soft_max")
    if not rules:
        return Skip("not_in_contract")
    counts, lots = count(case, rules)
    columns = sorted({rule.column for rule in rules})
    n = sum(case.frame.height - case.frame[name].null_count() for name in columns)
    broken, cells = sum(counts), case.frame.height * len(columns)
    message = f"of {n} cells outside their soft bounds: {by_column(rules, counts)}"
    return Measure(broken / max(n, 1), n, message, n / max(cells, 1), lots=lots)


def probabilities(case: Case) -> Measure | Skip:
    """Protects from numbers that are no probabilities: not in 0..1 (tolerance 1e-9), or not adding
    up to 1 (1e-6).

    Probabilities of only some labels of a vocabulary may add up to less; a vector is all null or
    not at all. Metric: invalid probabilities and sums. Block above 0. Source: gate.md 14,
    stability.md C5.
    """
    contract = case.contract
    columns = [name for name, column in contract.columns.items() if column.role == "probability"]
    if not columns:
        return Skip("not_in_contract")
    rules = [
        Rule(
            name,
            is_nan(case.frame, name) | (pl.col(name) < -1e-9) | (pl.col(name) > 1 + 1e-9),
            "not in 0..1",
        )
        for name in columns
    ]
    if len(columns) > 1:
        rules += _vector(case, columns)
    return total(case, rules, "invalid probabilities and sums")


def vocabulary(case: Case) -> Measure | Skip:
    """Protects from labels that no reader knows. Metric: cells outside the contract's labels.

    Block above 0. Source: gate.md 15.
    """
    listed = {
        name: column.labels
        for name, column in case.contract.columns.items()
        if column.labels is not None
    }
    rules = [
        Rule(name, ~pl.col(name).is_in(list(labels)), "not in the vocabulary")
        for name, labels in listed.items()
    ]
    return total(case, rules, "labels outside the vocabulary") if rules else Skip("not_in_contract")


def constant_column(case: Case) -> Measure | Skip:
    """Protects from a model that answers the same to everything. Metric: constant estimate columns.
    Warn above 0.

    Nulls do not make a column vary. Source: gate.md 19.
    """
    if case.frame.height < 2:
        return Skip("fewer_than_2_keys")
    columns = case.contract.judged
    constant = [name for name in columns if _constant(case.frame[name].drop_nulls())]
    message = (
        f"constant: {', '.join(constant)}"
        if constant
        else f"none of {len(columns)} estimate columns is constant"
    )
    offenders = [Offender(None, name, "the same for every key") for name in constant]
    return Measure(len(constant), len(columns), message, offenders=offenders)


def dominant_value(case: Case) -> Measure | Skip:
    """Protects from a default that took the place of estimates. Metric: largest share of one value
    in a numeric column.

    Warn above 50 %, block above 90 %; nulls are not counted, nor label columns, where one label is
    often the rule. A value counts that fills a thousandth, or as much as the limit. Of fewer than
    10 keys any few agree by chance. Source: gate.md 19.
    """
    if case.frame.height < 10:
        return Skip("fewer_than_10_keys")
    names = _numeric(case)
    there = [case.frame[name].drop_nulls() for name in names]
    part = min(_NOTABLE, case.limit("dominant_value"))
    counted = together([partial(commonest, values, part) for values in there], case.frame.height)
    sizes = map(len, there)
    found = [(most / n, name, n) for most, name, n in zip(counted, names, sizes, strict=True) if n]
    if not found:
        return Skip("no_numeric_estimates")
    share, column, n = max(found, key=lambda item: item[0])
    offenders = [
        Offender(None, name, f"one value has a share of {part:.3g}")
        for part, name, _ in sorted(found, key=lambda item: -item[0])
        if part > case.limit("dominant_value")
    ]
    message = (
        f"the commonest value of {column} has a share of {share:.3g}"
        if share
        else f"no value of any column fills {part:.3g} of it"
    )
    return Measure(share, n, message, n / case.frame.height, offenders=offenders)


def duplicate_content(case: Case) -> Measure | Skip:
    """Protects from one key's estimates given to another. Metric: share of rows whose estimates
    another row has too.

    Warn above 1 %. Rows without any estimate are not counted; sets without a float among their
    estimates are skipped, since their rows agree by nature. Source: gate.md 20.
    """
    found, n = case.once("twins", lambda: twins(case))
    if found is None:
        return Skip("no_float_estimates")
    message = f"{found.height} of {n} rows with the same estimates as another row"
    lots = missing(case, found, "the same estimates as another key")
    return Measure(found.height / max(n, 1), n, message, n / max(case.frame.height, 1), lots=lots)


def twins(case: Case) -> tuple[pl.DataFrame | None, int]:
    """`duplicates` of the candidate; where one column repeats no value, rows need not be looked at."""
    whole = (
        name
        for name in case.contract.judged
        if case.frame.schema[name].is_float() and not case.frame[name].null_count()
    )
    if not all(repeats(case.frame[name]) for name in whole):
        return case.frame.clear(), case.frame.height
    return duplicates(case.frame, case)


def duplicates(frame: pl.DataFrame, case: Case) -> tuple[pl.DataFrame | None, int]:
    """The rows of a version whose estimates another row has too, and of how many rows with any;
    None without floats.
    """
    columns = case.contract.judged
    floats = [name for name in columns if frame.schema[name].is_float()]
    if not floats:
        return None, 0
    rows = frame.filter(~pl.all_horizontal(pl.col(columns).is_null()))
    # One column narrows the search: rows that agree in all columns agree in the first.
    first = pl.col(floats[0])
    found = rows.filter(
        first.is_in(_repeated(rows[floats[0]].drop_nulls()).implode()) | first.is_null()
    )
    return found.filter(pl.struct(columns).is_duplicated()), rows.height


def _floats(case: Case) -> list[str]:
    """Carried attributes too: publish stores no NaN and no infinity in any column."""
    return [name for name, dtype in case.frame.schema.items() if dtype.is_float()]


def _numeric(case: Case) -> list[str]:
    return [
        name for name in case.contract.judged if case.contract.columns[name].role in NUMERIC_ROLES
    ]


def _constant(values: pl.Series) -> bool:
    return len(values) == 0 or bool((values == values[0]).all())


def _repeated(values: pl.Series) -> pl.Series:
    """The values that appear more than once."""
    ordered = np.sort(values.to_numpy())
    return pl.Series(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]), dtype=values.dtype)


def _bounds(case: Case, low: str, high: str) -> list[Rule]:
    rules: list[Rule] = []
    for name, column in case.contract.columns.items():
        least, most = getattr(column, low), getattr(column, high)
        broken = is_nan(case.frame, name)
        if least is not None:
            broken |= pl.col(name) < least
        if most is not None:
            broken |= pl.col(name) > most
        if least is not None or most is not None:
            ends = [f"{low} {least:g}"] if least is not None else []
            ends += [f"{high} {most:g}"] if most is not None else []
            rules.append(Rule(name, broken, f"outside {', '.join(ends)}"))
    return rules


def _vector(case: Case, columns: list[str]) -> list[Rule]:
    """Several probabilities are one distribution over labels: they add up to 1, to at most 1 when
    some are left out.
    """
    labels = {case.contract.columns[name].label for name in columns}
    partial = any(
        column.labels is not None and labels < set(column.labels)
        for column in case.contract.columns.values()
    )
    parts = pl.sum_horizontal(columns)
    half = pl.any_horizontal(pl.col(columns).is_null()) & ~pl.all_horizontal(
        pl.col(columns).is_null()
    )
    whole = ~pl.any_horizontal(pl.col(columns).is_null())
    off = parts > 1 + 1e-6 if partial else (parts - 1).abs() > 1e-6
    shown = tuple(columns)
    return [
        Rule(columns[0], half, "one probability without the others", shown),
        Rule(
            columns[0],
            whole & off,
            f"they add up to {'more than' if partial else 'other than'} 1",
            shown,
        ),
    ]
