"""A contract for two tables that have none, guessed from both together.

A table of text, as CSV is, and a table of types, as Parquet is, can be compared: the text is read
in the other's types. A few rows that break a rule do not change what a column is taken for; a few
cells that are no numbers are an error.
"""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from estimates.contract.columns import Column, ColumnType, KeyColumn, KeyType
from estimates.contract.conform import DTYPES, typed
from estimates.contract.contract import Contract, Stability
from estimates.contract.roles import NUMERIC_ROLES
from estimates.contract.stored_values import are_integers, type_word
from estimates.contract.text_values import no_numbers, values_of
from estimates.contract.time_values import ASSUMED_ZONE
from estimates.errors import InvalidError
from estimates.guess.column_pairs import not_compared, plain_frames, plain_pair
from estimates.guess.column_types import (
    has_codes,
    is_code,
    read_text,
    reads_as_numbers,
    stored_kind,
    text_kind,
)
from estimates.guess.guess import Guess, nearly_everywhere
from estimates.guess.guesses import estimate_type, guess_roles, is_named_as_number
from estimates.guess.table_checks import check_estimates, check_groups, check_key, check_levels


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
    check_key(a, b, key, names)
    check_estimates(a, b, key, estimates)
    check_levels(a, b, key, names)
    texts = _is_text(a), _is_text(b)
    in_both = set(b.columns).difference(key)
    shared = [*key, *(name for name in a.columns if name in in_both)]
    left_out = {
        name: reason
        for name in shared
        if name not in key and (reason := not_compared(a.get_column(name), b.get_column(name)))
    }
    shared = [name for name in shared if name not in left_out]
    a, b = plain_frames(a, b, shared, key, zone, estimates)
    types: dict[str, ColumnType] = {}
    columns: list[tuple[pl.Series, pl.Series]] = []
    for name in shared:
        pair = a.get_column(name), b.get_column(name)
        is_number = None if name in key else name in estimates or is_named_as_number(name)
        types[name], pair = _in_one_type(pair, texts, names, zone, is_number)
        columns.append(pair)
    a, b = pl.DataFrame([old for old, _ in columns]), pl.DataFrame([new for _, new in columns])
    both = pl.concat([a, b], how="vertical_relaxed")
    roles = guess_roles(
        both,
        [name for name in shared if name not in key],
        nearly_everywhere(a.height),
        estimates,
    )
    schema = both.schema  # made anew each time, and long where columns are many
    for name, guess in roles.items():
        if schema[name] != pl.String:
            types[name] = estimate_type(both.get_column(name), guess, types[name])
    check_groups(
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
            carried.left_out[name] = f"{type_word(old.dtype)} and {type_word(new.dtype)}"
            continue
        carried.types[name] = kind
        carried.a.append(_read(old, kind, zone))
        carried.b.append(_read(new, kind, zone))
    return carried


def _is_text(frame: pl.DataFrame) -> bool:
    """Whether a table is all text, as from CSV: its types are still to be read."""
    return all(dtype == pl.String for dtype in frame.dtypes)


def _in_one_type(
    pair: tuple[pl.Series, pl.Series],
    texts: tuple[bool, bool],
    names: tuple[str, str],
    zone: str,
    is_number: bool | None,
) -> tuple[ColumnType, tuple[pl.Series, pl.Series]]:
    """The type in which a column of both tables can be compared, and both in it.

    is_number  whether it is an estimate by its name, or because somebody says so; None of a key
    """
    old, new = pair
    is_key = is_number is None
    if not all(texts):
        kind = _common_type(old, new, texts, names, is_key=is_key)
    else:
        kind, values = read_text(pl.concat([old, new]), bool(is_number))
        if kind == "string" and not is_key:
            _check_numbers((old, new), names)
        if is_key and kind in ("float", "boolean"):
            kind = "string"
        elif values is not None:
            return kind, (values[: len(old)], values[len(old) :])
    return kind, (_read(old, kind, zone), _read(new, kind, zone))


def _common_type(
    old: pl.Series,
    new: pl.Series,
    texts: tuple[bool, bool],
    names: tuple[str, str],
    *,
    is_key: bool,
) -> ColumnType:
    """The type in which a column of two tables can be compared of which one says its types."""
    known = [stored_kind(series) for series in (old, new) if series.null_count() < len(series)]
    kind = _joined(known) or (
        _text_as(old, new, texts, known, is_key=is_key) if any(texts) else None
    )
    if kind is None:
        what = " and ".join(
            f"{type_word(s.dtype)} in {name}" for s, name in zip((old, new), names, strict=True)
        )
        stray = (
            _first_stray((old, new), names, is_key=is_key)
            if {"float", "integer"} & set(known)
            else ""
        )
        raise InvalidError(
            "column_type",
            f"column {old.name!r} is {what}: they do not compare{stray}",
            remedy="cast one of them"
            if is_key
            else f"cast one of them, or leave it out with --ignore {old.name}",
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
                f"nearly all values in {' and '.join(numbers)} are",
                remedy="leave a cell without a value empty, or name its word with --null; if the "
                "column is text, say so with a contract (--contract)",
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


def _key_type(
    old: pl.Series, new: pl.Series, kind: ColumnType, texts: tuple[bool, bool]
) -> ColumnType:
    """A key is no decimal number, unless it is whole on every row: that is what pandas makes of
    integers.
    """
    stored = [series for series, text in zip((old, new), texts, strict=True) if not text]
    if kind == "float" and all(map(are_integers, stored)):
        return "integer"
    if kind in ("float", "boolean"):
        raise InvalidError(
            "column_type",
            f"column {old.name!r} is {kind}; a key is text, an integer, a date or a timestamp",
            remedy="cast it to text or to an integer, or name another column with --key",
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
        name: kind for name in key if (kind := types[name]) not in ("float", "boolean", "numbers")
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
