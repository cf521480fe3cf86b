"""Make a frame conform to a contract: typed, sorted, keys unique, finite; or say which keys are to
blame.
"""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from estimates import instants
from estimates.contract.columns import ColumnType, key_text
from estimates.contract.contract import Contract
from estimates.errors import InvalidError

DTYPES: dict[str, pl.DataType] = {
    "float": pl.Float64(),
    "integer": pl.Int64(),
    "string": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
}
_LIMITS: dict[str, str] = {
    "float": "a float holds integers up to 2^53",
    "integer": "an integer has 64 bits",
    "timestamp": "a timestamp has microseconds",
}
# Microseconds a unit of a date or timestamp column; 64 bits of nanoseconds do not leave the
# calendar.
_TICKS = {"d": 86_400_000_000, "ms": 1000, "us": 1}
_CALENDAR = tuple(instants.micros(end.replace(tzinfo=UTC)) for end in (datetime.min, datetime.max))
_NAMED = 5  # offending keys named in an error


def as_frame(table: Any) -> pl.DataFrame:
    """A frame, a lazy frame, or what `polars.DataFrame` takes (columns by name, pandas, pyarrow),
    as a polars frame.

    Raises InvalidError (`no_table`).
    """
    if isinstance(table, pl.DataFrame):
        return table
    try:
        return table.collect() if isinstance(table, pl.LazyFrame) else pl.DataFrame(table)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        what = f"{type(table).__name__} is no table that polars can read: {error}"
        raise InvalidError("no_table", what) from error


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

    Accepts any column order, narrower numbers and categorical strings. Raises InvalidError, naming
    the first offending keys: `columns`, `column_type`, `out_of_range` (dates that no calendar has),
    `null_key`, `bad_key`, `duplicate_key`, `not_finite`.
    Bounds, domain and nulls in estimates are for the gate to judge.
    """
    frame = typed(frame, contract).sort(list(contract.key), maintain_order=True)
    _check_keys(frame, contract)
    _check_finite(frame, contract)
    floats = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    # `+ 0.0` would be simplified away by the query optimizer
    return frame.with_columns(
        pl.when(pl.col(n) == 0.0).then(0.0).otherwise(pl.col(n)).alias(n) for n in floats
    ).rechunk()


def conform_keys(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The key columns alone as the contract wants them: typed, sorted, unique; raises as `conform`
    does.
    """
    missing = [name for name in contract.key if name not in frame.columns]
    if missing:
        raise InvalidError(
            "columns",
            f"{contract.name}: key columns are missing: {', '.join(missing)}",
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
    wanted = schema(contract)
    missing = [name for name in wanted if name not in frame.columns]
    return missing, [name for name in frame.columns if name not in wanted]


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
            f"it has {', '.join(kinds(contract))}",
            missing=missing,
            extra=extra,
        )


def typed(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame in the contract's columns and types, rows as they are.

    Raises InvalidError: `columns`, `column_type`, `out_of_range`.
    """
    check_columns(frame, contract)
    return frame.select(
        cast_column(frame, name, kind, contract.name) for name, kind in kinds(contract).items()
    )


def typed_keys(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The key columns in the contract's types, rows as they are; raises InvalidError
    (`column_type`, `out_of_range`).
    """
    return frame.select(
        cast_column(frame, name, column.type, contract.name)
        for name, column in contract.key.items()
    )


def cast_column(frame: pl.DataFrame, name: str, kind: ColumnType, where: str) -> pl.Series:
    """A column in its contract type.

    Raises InvalidError: `column_type` where that loses something, `out_of_range`.
    """
    series, have = frame.get_column(name), frame.schema[name]
    wanted = DTYPES[kind]
    lossless = (
        have in (wanted, pl.Null)
        or (kind == "float" and (have.is_integer() or have == pl.Float32))
        or (kind == "integer" and have.is_integer())
        or (kind == "string" and isinstance(have, pl.Categorical | pl.Enum))
        or (kind == "timestamp" and isinstance(have, pl.Datetime) and have.time_zone is not None)
    )
    hint = ""
    if lossless:
        _check_calendar(series, where)
        try:
            return _exact(series, wanted)
        except pl.exceptions.PolarsError:
            hint = (
                f"; some of its values do not fit, so that they would be changed ({_LIMITS[kind]})"
            )
    if kind == "timestamp" and isinstance(have, pl.Datetime) and have.time_zone is None:
        hint = "; it has no time zone: use .dt.replace_time_zone('UTC') if that is what it is"
    raise InvalidError(
        "column_type",
        f"{where}: column {name!r} is {have}, the contract says {kind} ({wanted}){hint}",
        column=name,
    )


def _check_calendar(series: pl.Series, where: str) -> None:
    """Dates outside the years 1 to 9999 have no text form; they come from a wrong unit or an "end
    of time" marker.

    Counted in the column's own unit, before any cast: polars panics on timestamps that it cannot
    show.
    """
    tick = _TICKS.get("d" if series.dtype == pl.Date else getattr(series.dtype, "time_unit", ""))
    if tick is None:
        return
    bad = ~series.to_physical().is_between(_CALENDAR[0] // tick, _CALENDAR[1] // tick)
    if bad.any():
        raise InvalidError(
            "out_of_range",
            f"{where}: column {series.name!r} lies outside the years 1 to 9999 in {bad.sum()} "
            "rows, "
            f"first in row {bad.arg_true()[0] + 1}; check the unit it was made with",
            column=series.name,
        )


def _exact(series: pl.Series, wanted: pl.DataType) -> pl.Series:
    cast = series.cast(wanted, strict=True)
    narrower = (series.dtype.is_integer() and wanted == pl.Float64) or getattr(
        series.dtype, "time_unit", ""
    ) == "ns"
    if narrower and not cast.cast(series.dtype).equals(series):
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
        counts = ", ".join(name for name in key if nulls[name].null_count())
        raise InvalidError(
            "null_key",
            f"{contract.name}: {nulls.height} rows have a null key (in {counts}); first rows: "
            f"{nulls.head(3).rows()}",
        )
    for name in key:
        if contract.key[name].type == "string":
            bad = frame.filter(unfit_part(name))
            if bad.height:
                raise InvalidError(
                    "bad_key",
                    f"{contract.name}: {bad.height} keys cannot be part of a URL path: column "
                    f"{name!r} is empty, "
                    f"'.', '..' or has a NUL, at {bad.select(key).head(_NAMED).rows()}",
                )
    twice = frame.select(key).filter(pl.struct(key).is_duplicated()).unique(maintain_order=True)
    if twice.height:
        raise InvalidError(
            "duplicate_key",
            f"{contract.name}: {twice.height} keys appear more than once: {name_keys(twice, key)}",
            keys=key_texts(twice.head(100)),
        )


def _check_finite(frame: pl.DataFrame, contract: Contract) -> None:
    for name, dtype in frame.schema.items():
        if dtype.is_float():
            bad = frame.filter(~pl.col(name).is_finite())
            if bad.height:
                raise InvalidError(
                    "not_finite",
                    f"{contract.name}: column {name!r} is NaN or infinite for {bad.height} keys: "
                    f"{name_keys(bad, list(contract.key))}; write null for no estimate",
                    column=name,
                    keys=key_texts(bad.select(list(contract.key)).head(100)),
                )


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
