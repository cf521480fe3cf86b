"""Make a frame conform to a contract: typed, sorted, keys unique, finite; or say which keys are to
blame.
"""

from typing import Any

import polars as pl
from polars import selectors

from estimates.contract.columns import ColumnType, key_text
from estimates.contract.contract import Contract
from estimates.contract.sample_columns import (
    check_sample_quantiles,
    finite_draws,
    is_list_of_numbers,
    lists_of_floats,
    with_sample_quantiles,
    without_negative_zeros,
)
from estimates.contract.stored_values import (
    are_integers,
    are_whole,
    has_text,
    out_of_calendar,
    shortest,
    text_of_stored,
    without_extension,
)
from estimates.contract.time_values import NAME_THE_ZONE, are_midnights, is_naive, moments_of
from estimates.errors import InvalidError
from estimates.render.wording import count

DTYPES: dict[str, pl.DataType] = {
    "float": pl.Float64(),
    "integer": pl.Int64(),
    "string": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
    "numbers": pl.List(pl.Float64()),
}
_LIMITS: dict[str, str] = {
    "float": "a float holds integers up to 2^53",
    "integer": "an integer has 64 bits",
    "timestamp": "a timestamp has microseconds",
}
_NAMED = 5  # offending keys named in an error


def as_frame(table: Any) -> pl.DataFrame:
    """A frame, a lazy frame, or what `polars.DataFrame` takes (columns by name, pandas, pyarrow),
    as a polars frame.

    Raises InvalidError (`no_table`).
    """
    if isinstance(table, pl.DataFrame):
        return table
    try:
        if type(table).__module__.startswith("pyarrow") and hasattr(table, "column_names"):
            from estimates.contract.arrow_tables import frame_of_arrow  # pyarrow is not everywhere

            return frame_of_arrow(table)
        return table.collect() if isinstance(table, pl.LazyFrame) else pl.DataFrame(table)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise InvalidError(
            "no_table",
            f"{type(table).__name__} is no table that polars can read: {error}",
            remedy="give a polars, pandas or Arrow table, or columns by name",
        ) from error


def kinds(contract: Contract) -> dict[str, ColumnType]:
    """Column name to contract type, key columns first, in contract order."""
    estimates = {name: column.kind for name, column in contract.columns.items()}
    return {name: column.type for name, column in contract.key.items()} | estimates


def schema(contract: Contract) -> dict[str, pl.DataType]:
    """Column name to polars type, key columns first, in contract order."""
    return {name: DTYPES[kind] for name, kind in kinds(contract).items()}


def key_schema(contract: Contract) -> dict[str, pl.DataType]:
    """Column name to polars type of the key columns, in order."""
    return {name: DTYPES[column.type] for name, column in contract.key.items()}


def conform(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame as the contract wants it: its columns in contract order and types, rows sorted by
    key, −0.0 as 0.0.

    Accepts any column order, narrower numbers and categorical strings; quantiles of draws are
    computed where the frame has none. Raises InvalidError, naming the first offending keys:
    `columns`, `column_type`, `out_of_range` (dates that no calendar has), `null_key`, `bad_key`,
    `duplicate_key`, `not_finite`, `bad_value` (a quantile that is not that of the draws).
    Bounds, domain and nulls in estimates are for the gate to judge.
    """
    frame, key = typed(frame, contract), list(contract.key)
    if not _ascends(frame, key):  # what is sorted already is not copied
        frame = frame.sort(key, maintain_order=True)
    _check_keys(frame, contract)
    _check_finite(frame, contract)
    check_sample_quantiles(frame, contract)
    zeros = frame.select((selectors.float() == 0.0).any())  # all columns at once: many are wide
    floats = [name for name in zeros.columns if zeros.get_column(name)[0]]
    # `+ 0.0` would be simplified away by the query optimizer
    frame = frame.with_columns(
        pl.when(pl.col(n) == 0.0).then(0.0).otherwise(pl.col(n)).alias(n) for n in floats
    )
    return without_negative_zeros(frame, contract.samples).rechunk()


def conform_keys(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The key columns alone as the contract wants them: typed, sorted, unique; raises as `conform`
    does.
    """
    missing = [name for name in contract.key if name not in frame.columns]
    if missing:
        raise InvalidError(
            "columns",
            f"{contract.name}: key columns are missing: {', '.join(missing)}",
            remedy="name all key columns in the table as the contract does",
            missing=missing,
        )
    keys = typed_keys(frame, contract).sort(list(contract.key))
    _check_keys(keys, contract)
    return keys.rechunk()


def key_texts(keys: pl.DataFrame) -> list[list[str]]:
    """The parts of each key as text, of a frame that has the key columns alone."""
    return [[key_text(part) for part in row] for row in keys.iter_rows()]


def name_keys(frame: pl.DataFrame, key: list[str], count: int | None = None) -> str:
    """The first keys of a frame in words: `AAPL/2026-11-24, MSFT/2026-11-24 and 3 more`."""
    total = frame.height if count is None else count
    shown = ["/".join(texts) for texts in key_texts(frame.select(key).head(_NAMED))]
    more = f" and {total - len(shown)} more" if total > len(shown) else ""
    return ", ".join(shown) + more


def column_differences(frame: pl.DataFrame, contract: Contract) -> tuple[list[str], list[str]]:
    """The contract's columns that the frame lacks, and those of the frame that the contract does
    not have.
    """
    wanted, names = schema(contract), frame.columns
    present = set(names)
    return [n for n in wanted if n not in present], [n for n in names if n not in wanted]


def check_columns(frame: pl.DataFrame, contract: Contract, of: str = "") -> None:
    """Raises InvalidError `columns` when a column is missing or too many; `of` says in the message
    whose they are.
    """
    missing, extra = column_differences(frame, contract)
    if missing or extra:
        parts = [f"missing {', '.join(missing)}"] if missing else []
        parts += [f"not in the contract: {', '.join(extra)}"] if extra else []
        raise InvalidError(
            "columns",
            f"{contract.name}: columns{of} differ from the contract: {'; '.join(parts)}; "
            f"the contract has {', '.join(kinds(contract))}",
            remedy=_other_columns(missing, extra),
            missing=missing,
            extra=extra,
        )


def _other_columns(missing: list[str], extra: list[str]) -> str:
    """What to do about columns that are missing or too many."""
    pairs = {name: other for name in missing for other in extra if _alike(name, other)}
    if pairs:
        return "rename " + ", ".join(f"{other!r} to {name!r}" for name, other in pairs.items())
    new = "write them as [columns.NAME] into the contract and register it with `estimates define`"
    if not missing:
        return f"leave them out of a file with --ignore {','.join(extra)}, or {new}"
    return "add them to the table, or take them out of the contract: `estimates define`"


def _alike(name: str, other: str) -> bool:
    """Whether two names differ in case and signs only."""
    a, b = ("".join(filter(str.isalnum, text.casefold())) for text in (name, other))
    return a == b


def typed(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame in the contract's columns and types, rows as they are.

    Raises InvalidError: `columns`, `column_type`, `out_of_range`.
    """
    frame = with_sample_quantiles(frame, contract)
    check_columns(frame, contract)
    return frame.select(
        cast_column(frame, name, kind, contract.name, contract.timezone)
        for name, kind in kinds(contract).items()
    )


def typed_keys(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The key columns in the contract's types, rows as they are; raises InvalidError
    (`column_type`, `out_of_range`).
    """
    return frame.select(
        cast_column(frame, name, column.type, contract.name, contract.timezone)
        for name, column in contract.key.items()
    )


def cast_column(
    frame: pl.DataFrame, name: str, kind: ColumnType, where: str, zone: str | None = None
) -> pl.Series:
    """A column in its contract type; `zone` is that of times without one.

    Raises InvalidError: `column_type` where that loses something, `out_of_range`, `bad_timezone`,
    `bad_value` (no time of the zone).
    """
    series = without_extension(frame.get_column(name))
    have, wanted, why = series.dtype, DTYPES[kind], ""
    check_calendar(series, where)
    if have == wanted:
        return series
    if kind == "timestamp" and is_naive(have) and zone is not None:
        series = moments_of(series, zone)
        check_calendar(series, where)
    if _holds(series, kind):
        try:
            return _exact(series, kind)
        except pl.exceptions.PolarsError:
            why = (
                f"; some of its values do not fit, so that they would be changed ({_LIMITS[kind]})"
            )
    no_zone = kind == "timestamp" and is_naive(have) and zone is None
    raise InvalidError(
        "column_type",
        f"{where}: column {name!r} is {have}, the contract says {kind} ({wanted}){why}",
        remedy=NAME_THE_ZONE
        if no_zone
        else f"cast it to {kind}, or write another type into the contract: `estimates define`",
        column=name,
    )


def _holds(series: pl.Series, kind: ColumnType) -> bool:
    """Whether a contract type holds what a stored type says."""
    have = series.dtype
    if have in (DTYPES[kind], pl.Null):
        return True
    match kind:
        case "float":
            return have.is_numeric()
        case "integer":
            return have.is_integer() or (
                (have.is_decimal() and are_whole(series))
                or (have.is_float() and are_integers(series))  # of pandas, where one is missing
            )
        case "string":
            return has_text(have)
        case "date":
            is_empty = series.null_count() == len(series)
            return is_naive(have) and (is_empty or are_midnights(series))
        case "timestamp":
            return isinstance(have, pl.Datetime) and have.time_zone is not None
        case "numbers":
            return is_list_of_numbers(have)
        case _:
            return False


def check_calendar(series: pl.Series, where: str) -> None:
    """Dates outside the years 1 to 9999 have no text form; they come from a wrong unit or an "end
    of time" marker.
    Raises InvalidError (`out_of_range`).
    """
    if not isinstance(series.dtype, pl.Date | pl.Datetime):
        return
    bad = out_of_calendar(series)
    if bad.any():
        raise InvalidError(
            "out_of_range",
            f"{where}: column {series.name!r} lies outside the years 1 to 9999 in {bad.sum()} "
            "rows, "
            f"first in row {bad.arg_true()[0] + 1}",
            remedy="check the unit it was made with, or write null for no end",
            column=series.name,
        )


def _exact(series: pl.Series, kind: ColumnType) -> pl.Series:
    have = series.dtype
    if kind == "float" and have.is_float():
        return shortest(series)
    if kind == "string":
        return text_of_stored(series)
    if kind == "numbers":
        return lists_of_floats(series)
    cast = series.cast(DTYPES[kind], strict=True)
    narrower = (have.is_integer() and kind == "float") or getattr(have, "time_unit", "") == "ns"
    if narrower and not cast.cast(have).equals(series):
        raise pl.exceptions.InvalidOperationError("the cast loses digits")
    return cast


def unfit_part(name: str) -> pl.Expr:
    """True where a string key column cannot be a segment of a URL path: empty, `.`, `..` or with a
    NUL.
    """
    return pl.col(name).is_in(["", ".", ".."]) | pl.col(name).str.contains("\0", literal=True)


def _check_keys(frame: pl.DataFrame, contract: Contract) -> None:
    key = list(contract.key)
    nulls = frame.filter(pl.any_horizontal(pl.col(key).is_null()))
    if nulls.height:
        verb = "has" if nulls.height == 1 else "have"
        counts = ", ".join(name for name in key if nulls[name].null_count())
        raise InvalidError(
            "null_key",
            f"{contract.name}: {count(nulls.height, 'row')} {verb} a null key (in {counts}); the "
            f"first {_shown(nulls)}",
            remedy="complete the key, or leave these rows out",
        )
    for name in key:
        if contract.key[name].type == "string":
            bad = frame.filter(unfit_part(name))
            if bad.height:
                raise InvalidError(
                    "bad_key",
                    f"{contract.name}: {count(bad.height, 'key')} cannot be part of a URL path: "
                    f"column {name!r} is empty, '.', '..' or has a NUL: the first {_shown(bad)}",
                    remedy="write another key for them, or leave these rows out",
                )
    if _ascends(frame, key):
        return
    twice = frame.select(key).filter(pl.struct(key).is_duplicated()).unique(maintain_order=True)
    if twice.height:
        verb = "appears" if twice.height == 1 else "appear"
        raise InvalidError(
            "duplicate_key",
            f"{contract.name}: {count(twice.height, 'key')} {verb} more than once: "
            f"{name_keys(twice, key)}",
            remedy="add a column to the key that tells their rows apart, or aggregate them first",
            keys=key_texts(twice.head(100)),
        )


def _shown(rows: pl.DataFrame) -> str:
    """The first of some rows, its values by their columns."""
    pairs = rows.head(1).to_dicts()[0].items()
    return "has " + ", ".join(f"{name} = {value!r}" for name, value in list(pairs)[:_NAMED])


def _check_finite(frame: pl.DataFrame, contract: Contract) -> None:
    for name in contract.samples:
        bad = frame.filter(~finite_draws(name))
        if bad.height:
            raise _not_finite(bad, contract, name, "has draws that are no finite number")
    finite = frame.select(selectors.float().is_finite().all())  # all columns at once: many are wide
    for name in finite.columns:
        if not finite[name].item():
            bad = frame.filter(~pl.col(name).is_finite())
            raise _not_finite(bad, contract, name, "is NaN or infinite")


def _not_finite(bad: pl.DataFrame, contract: Contract, name: str, what: str) -> InvalidError:
    return InvalidError(
        "not_finite",
        f"{contract.name}: column {name!r} {what} for {count(bad.height, 'key')}: "
        f"{name_keys(bad, list(contract.key))}",
        remedy="write null for no estimate, an empty cell in CSV",
        column=name,
        keys=key_texts(bad.select(list(contract.key)).head(100)),
    )


def _ascends(frame: pl.DataFrame, key: list[str]) -> bool:
    return not any(frame[name].null_count() for name in key) and increases(frame, key)


def increases(frame: pl.DataFrame, key: list[str]) -> bool:
    """Whether each row's key is above the one before: sorted and unique, seen in one pass; no part
    is null.
    """
    above = pl.lit(False)
    for name in reversed(key):
        now, before = pl.col(name), pl.col(name).shift(1)
        above = (now > before) | ((now == before) & above)
    # the first row has nothing before it, which gives null, and `all` ignores null
    return bool(frame.select(above.all()).item())
