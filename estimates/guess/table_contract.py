"""A contract for two tables that have none, guessed from both together.

A table of text, as CSV is, and a table of types, as Parquet is, can be compared: the text is read
in the other's types. A few rows that break a rule do not change what a column is taken for; a few
cells that are no numbers are an error.
"""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from estimates.contract.columns import NUMERIC_ROLES, Column, ColumnType, KeyColumn, KeyType
from estimates.contract.conform import DTYPES, typed
from estimates.contract.contract import Contract, Stability
from estimates.contract.text_values import no_numbers, values_of
from estimates.contract.time_values import ASSUMED_ZONE
from estimates.errors import InvalidError
from estimates.guess.column_pairs import not_compared, plain_frames, plain_pair
from estimates.guess.column_types import (
    has_codes,
    is_code,
    reads_as_numbers,
    stored_kind,
    text_kind,
)
from estimates.guess.guess import Guess, nearly_everywhere
from estimates.guess.guesses import estimate_type, guess_roles
from estimates.guess.levelled_columns import named_levels
from estimates.render.wording import did_you_mean


class TableContract(Contract, frozen=True):
    """What two tables are taken for. The rules for names are those of URLs and SQL, and do not hold
    here.
    """

    def __post_init__(self) -> None:
        """Nothing to check: a guess keeps the rules of roles."""


class Guessed(NamedTuple):
    """The contract, and both tables with its columns in its types, their rows as they were.

    left_out  columns of both tables that have a type which no contract can hold, with that type
    roles     what each column was taken for, and why
    """

    contract: Contract
    a: pl.DataFrame
    b: pl.DataFrame
    left_out: dict[str, str]
    roles: dict[str, Guess]


def guess_contract(
    a: pl.DataFrame,
    b: pl.DataFrame,
    key: Sequence[str],
    stability: Stability,
    names: tuple[str, str],
    zone: str = ASSUMED_ZONE,
    estimates: Sequence[str] = (),
) -> Guessed:
    """Guess types and roles of the columns that both tables have; `names` are those of the tables,
    for errors, `estimates` columns that are estimates whatever their names say.

    zone  that of times without one
    Raises InvalidError: `bad_key_column`, `no_rows`, `column_type` (a column has types that do not
    compare), `bad_value` (a cell among numbers is none), `other_levels`, `nothing_to_estimate`,
    `columns` (a group that is no column, or an estimate; an estimate that is no column),
    `out_of_range`, `bad_timezone`.
    """
    _check_key(a, b, key, names)
    _check_estimates(a, b, key, estimates)
    _check_levels(a, b, key, names)
    texts = _is_text(a), _is_text(b)
    in_both = set(b.columns).difference(key)
    shared = [*key, *(name for name in a.columns if name in in_both)]
    left_out = {n: reason for n in shared if n not in key and (reason := not_compared(a[n], b[n]))}
    shared = [name for name in shared if name not in left_out]
    a, b = plain_frames(a, b, shared, key, zone)
    types = {
        name: _common_type(a[name], b[name], texts, names, is_key=name in key) for name in shared
    }
    a, b = (
        frame.select(_read(frame.get_column(name), kind, zone) for name, kind in types.items())
        for frame in (a, b)
    )
    both = pl.concat([a, b], how="vertical_relaxed")
    roles = guess_roles(
        both,
        [name for name in shared if name not in key],
        nearly_everywhere(a.height),
        estimates,
    )
    for name, guess in roles.items():
        if both.schema[name] != pl.String:
            types[name] = estimate_type(both[name], guess, types[name])
    _check_groups(
        stability, shared, {name for name, guess in roles.items() if guess.role in NUMERIC_ROLES}
    )
    contract = TableContract(
        " → ".join(names),
        _keys(types, key),
        {n: _column(g, types[n]) for n, g in roles.items()},
        stability=stability,
    )
    return Guessed(contract, typed(a, contract), typed(b, contract), left_out, roles)


class Carried(NamedTuple):
    """Columns of both tables that nobody declared, in types in which they can be compared.

    left_out  those that have none, with the reason
    """

    types: dict[str, ColumnType]
    a: list[pl.Series]
    b: list[pl.Series]
    left_out: dict[str, str]


def carry(
    a: pl.DataFrame, b: pl.DataFrame, columns: Sequence[str], names: tuple[str, str], zone: str
) -> Carried:
    """Columns of both tables that nobody declared; `zone` is that of times without one."""
    carried = Carried({}, [], [], {})
    for name in columns:
        reason = not_compared(a[name], b[name])
        if reason:
            carried.left_out[name] = reason
            continue
        old, new = plain_pair(a[name], b[name], zone)
        texts = old.dtype == pl.String, new.dtype == pl.String
        try:
            both = text_kind(pl.concat([old, new])) if all(texts) else None
            kind = both or _common_type(old, new, texts, names, is_key=False)
        except InvalidError:
            carried.left_out[name] = f"{old.dtype} and {new.dtype}"
            continue
        carried.types[name] = kind
        carried.a.append(_read(old, kind, zone))
        carried.b.append(_read(new, kind, zone))
    return carried


def _check_key(
    a: pl.DataFrame, b: pl.DataFrame, key: Sequence[str], names: tuple[str, str]
) -> None:
    if not key or len(set(key)) < len(key):
        raise InvalidError("bad_key_column", "the key needs at least one column, each once")
    for frame, name in zip((a, b), names, strict=True):
        missing = [column for column in key if column not in frame.columns]
        if missing:
            raise InvalidError(
                "bad_key_column",
                f"{name}: there is no column {missing[0]!r}"
                f"{did_you_mean(missing[0], frame.columns)}; the columns are "
                f"{', '.join(frame.columns)}",
            )
    if not a.height and not b.height:
        raise InvalidError(
            "no_rows", f"{names[0]} and {names[1]} have no rows: there is nothing to compare"
        )


def _check_estimates(
    a: pl.DataFrame, b: pl.DataFrame, key: Sequence[str], estimates: Sequence[str]
) -> None:
    shared = [name for name in a.columns if name in b.columns and name not in key]
    for name in estimates:
        if name not in shared:
            raise InvalidError(
                "columns",
                f"there is no column {name!r} that could be an estimate; both have "
                f"{', '.join(shared) or 'none besides the key'}",
            )


def _check_levels(
    a: pl.DataFrame, b: pl.DataFrame, key: Sequence[str], names: tuple[str, str]
) -> None:
    """Intervals and quantiles of a point do not compare where each table has levels of its own."""
    if set(a.columns) <= set(b.columns) or set(b.columns) <= set(a.columns):
        return
    old, new = (
        named_levels(column for column in frame if column.name not in key) for frame in (a, b)
    )
    for mark in old:
        sides = old[mark], new.get(mark, {})
        own = [sorted(side.keys() - other.keys()) for side, other in (sides, sides[::-1])]
        if all(own):
            levels_of = [
                f"{', '.join(_level(mark[0], level) for level in levels)} "
                f"({', '.join(name for level in levels for name in side[level])})"
                for side, levels in zip(sides, own, strict=True)
            ]
            raise InvalidError(
                "other_levels",
                f"{names[0]} has {mark[0]} of {levels_of[0]}, and {names[1]} of {levels_of[1]}: "
                "other levels do not compare; make both files with the same levels, or leave "
                "these columns out of both",
            )


def _level(what: str, level: float) -> str:
    return f"{100 * level:g} %" if what == "intervals" else f"{level:g}"


def _check_groups(stability: Stability, columns: Sequence[str], estimates: set[str]) -> None:
    for group in stability.groups:
        if group not in columns:
            raise InvalidError(
                "columns",
                f"there is no column {group!r} to group by{did_you_mean(group, columns)}; "
                f"both have {', '.join(columns)}",
            )
        if group in estimates:
            others = ", ".join(name for name in columns if name not in estimates)
            raise InvalidError(
                "columns", f"{group!r} is an estimate itself; group by what keys have: {others}"
            )


def _is_text(frame: pl.DataFrame) -> bool:
    """Whether a table is all text, as from CSV: its types are still to be read."""
    return all(dtype == pl.String for dtype in frame.dtypes)


def _common_type(
    old: pl.Series,
    new: pl.Series,
    texts: tuple[bool, bool],
    names: tuple[str, str],
    *,
    is_key: bool,
) -> ColumnType:
    """The type in which a column of both tables can be compared."""
    if all(texts):
        kind = text_kind(pl.concat([old, new]))
        if kind == "string" and not is_key:
            _check_numbers((old, new), names)
        return "string" if is_key and kind in ("float", "boolean") else kind
    known = [stored_kind(series) for series in (old, new) if series.null_count() < len(series)]
    kind = _joined(known) or (
        _text_as(old, new, texts, known, is_key=is_key) if any(texts) else None
    )
    if kind is None:
        what = " and ".join(
            f"{s.dtype} in {name}" for s, name in zip((old, new), names, strict=True)
        )
        stray = (
            _first_stray((old, new), names, is_key=is_key)
            if {"float", "integer"} & set(known)
            else ""
        )
        raise InvalidError(
            "column_type",
            f"column {old.name!r} is {what}: they do not compare{stray}; cast one of them, or "
            "leave it out",
        )
    return _key_type(old, new, kind, texts) if is_key else kind


def _check_numbers(columns: tuple[pl.Series, pl.Series], names: tuple[str, str]) -> None:
    """Text that is nearly all numbers in one table: what is none in either is a mistake, or not
    meant as a number.
    """
    numbers = [
        name for series, name in zip(columns, names, strict=True) if reads_as_numbers(series)
    ]
    if not numbers or any(map(has_codes, columns)):
        return
    for series, name in zip(columns, names, strict=True):
        rows = no_numbers(series)
        if len(rows):
            more = f" (and {len(rows) - 1:,} more)" if len(rows) > 1 else ""
            raise InvalidError(
                "bad_value",
                f"{name}: column {series.name!r}, row {rows[0] + 1}: {series[rows[0]]!r} is no "
                f"number{more}, and "
                f"nearly all values in {' and '.join(numbers)} are; leave a cell without a value "
                "empty; "
                "if the column is text, say so with a contract (--contract)",
                column=series.name,
                rows=[row + 1 for row in rows.head(100)],
            )


def _first_stray(
    columns: tuple[pl.Series, pl.Series], names: tuple[str, str], *, is_key: bool
) -> str:
    """Where text stands that is no number, or of a key no whole one."""
    for series, name in zip(columns, names, strict=True):
        if series.dtype != pl.String:
            continue
        if len(rows := no_numbers(series)):
            return f" (row {rows[0] + 1} of {name}: {series[rows[0]]!r} is no number)"
        codes = is_code(series) | (is_key & values_of(series, "integer").is_null())
        if codes.any():
            row = codes.arg_true()[0]
            return f" (row {row + 1} of {name}: {series[row]!r} is text, which equals no number)"
    return ""


def _joined(known: Sequence[ColumnType]) -> ColumnType | None:
    """The type that holds both; a column without any value has none to hold."""
    if set(known) == {"integer", "float"}:
        return "float"
    return "string" if not known else known[0] if len(set(known)) == 1 else None


def _text_as(
    old: pl.Series,
    new: pl.Series,
    texts: tuple[bool, bool],
    known: Sequence[ColumnType],
    *,
    is_key: bool,
) -> ColumnType | None:
    """What the text of one table can be read as, to be compared with the type that the other one
    has stored. Codes with leading zeros are no numbers, and of a key 1001.0 is none either.
    """
    text, stored = (old, known[1]) if texts[0] else (new, known[0])
    if stored in ("integer", "float"):
        whole = values_of(text, "integer").null_count() == text.null_count()
        if is_code(text).any() or (is_key and not whole):
            return None
    readings: tuple[ColumnType, ...] = (stored, "float") if stored == "integer" else (stored,)
    return next(
        (
            kind
            for kind in readings
            if values_of(text, kind, ASSUMED_ZONE).null_count() == text.null_count()
        ),
        None,
    )


def _are_integers(stored: pl.Series) -> bool:
    """Whether all numbers are whole, and fit into 64 bits."""
    numbers = stored.cast(pl.Float64)
    fit = numbers.is_between(-(2.0**63), 2.0**63, closed="left")
    return bool((fit & (numbers.round() == numbers)).all())


def _key_type(
    old: pl.Series, new: pl.Series, kind: ColumnType, texts: tuple[bool, bool]
) -> ColumnType:
    """A key is no decimal number, unless it is whole on every row: that is what pandas makes of
    integers.
    """
    stored = [series for series, text in zip((old, new), texts, strict=True) if not text]
    if kind == "float" and all(map(_are_integers, stored)):
        return "integer"
    if kind in ("float", "boolean"):
        raise InvalidError(
            "column_type",
            f"column {old.name!r} is {kind}; a key is text, an integer, a date or a timestamp",
        )
    return kind


def _read(series: pl.Series, kind: ColumnType, zone: str) -> pl.Series:
    if series.null_count() == len(series):
        return pl.repeat(None, len(series), dtype=DTYPES[kind], eager=True).alias(series.name)
    if series.dtype == pl.String and kind != "string":
        return values_of(series, kind, zone)
    return series.cast(pl.Int64) if series.dtype.is_float() and kind == "integer" else series


def _keys(types: dict[str, ColumnType], key: Sequence[str]) -> dict[str, KeyColumn]:
    kinds: dict[str, KeyType] = {
        name: kind for name in key if (kind := types[name]) not in ("float", "boolean")
    }
    return {name: KeyColumn(kind) for name, kind in kinds.items()}


def _column(guess: Guess, kind: ColumnType) -> Column:
    return Column(
        guess.role,
        kind,
        level=guess.level,
        quantile=guess.quantile,
        label=guess.label,
        of=guess.of,
        nullable=True,
    )
