"""Actual values: what became of the keys, as a table from anywhere gives it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import polars as pl

from estimates import instants
from estimates.accuracy.observed import Observed, observed, sources
from estimates.contract.columns import ColumnType, key_text
from estimates.contract.conform import cast_column, name_keys
from estimates.contract.contract import Contract
from estimates.contract.own_rows import own_rows
from estimates.contract.stored_values import type_word
from estimates.contract.text_values import parsed, values_of
from estimates.contract.time_values import are_midnights
from estimates.errors import InvalidError
from estimates.render.wording import count

VINTAGE = "vintage"
AS_OF = "as_of"  # no column of a contract may have this name
_TARGET_DATES, _DATE = ("target_end_date", "target_date"), "date"  # of hubs; older target data
_ORACLE = ("output_type", "output_type_id", "oracle_value")  # of hubs
_KNOWN = "\0vintage"  # not printable, so no column of a contract has this name
_SLICE = 100_000  # rows that are turned into text at once for the digest


@dataclass(frozen=True)
class Actuals:
    """Actual values, one row a key, sorted by key.

    rows     the `by` columns, a column `actual(name)` for each observed, and the vintage where they
             have one
    by       the columns that they are joined on: the key, or all of it but the target, and an
             attribute where values differ by that, as what a horizon of a hub is compared with
    sources  for each observed, the column of the table that held it
    asked    the vintage that was asked for, as text
    """

    rows: pl.DataFrame
    by: list[str]
    sources: dict[str, str]
    requested: str | None

    def newest(self, rows: pl.DataFrame) -> str | None:
        """The newest vintage among some rows that were joined with these; None without vintages."""
        newest_vintage = rows.get_column(_KNOWN).max() if _KNOWN in rows.columns else None
        return None if newest_vintage is None else key_text(newest_vintage)


def actual(name: str) -> str:
    """The name of the column that holds what was observed, beside the estimates."""
    return f"\0{name}"


def read_actuals(
    frame: pl.DataFrame, contract: Contract, vintage: datetime | str | None = None
) -> Actuals:
    """A table of actual values as they were known at `vintage`; default: the newest vintage of each
    key.

    frame    the key columns (the target may be left out where all targets have one outcome), a
             column for what was observed (see `sources`), perhaps `vintage` or `as_of`, a date or a
             timestamp; other columns count for nothing, but for those of `[load.where]`
    vintage  a moment; a date stands for all of that day. Rows of later vintages are not known then.
    Text stands for what it says in the contract's types, as in a CSV file. A null, NaN or infinite
    value says that nothing is known yet.
    Raises InvalidError: `columns`, `no_actuals`, `column_type`, `bad_actual`, `null_key`,
    `duplicate_key`, `bad_vintage`, `bad_time`, `bad_value`, `no_rows`.
    """
    where = f"{contract.name}, actual values"
    frame = _of_the_set(frame, contract, where)
    by, source_of = _join_key(frame, contract), sources(contract, frame.columns)
    observed_by_name = {each.name: each for each in observed(contract)}
    rows = pl.DataFrame(
        [
            *(_part(frame, name, contract.key[name].type, where, contract.timezone) for name in by),
            *(
                _values(frame, column, observed_by_name[name], where).alias(actual(name))
                for name, column in source_of.items()
            ),
        ]
    )
    dated = (
        VINTAGE in frame.columns and VINTAGE not in contract.key and VINTAGE not in contract.columns
    )
    if dated:
        rows = rows.with_columns(_vintages(frame, where, contract.timezone).alias(_KNOWN))
    marks = [_KNOWN] if dated else []
    rows, by = _told_apart(rows, by, marks, frame, contract)
    _check_keys(rows, by, marks, where)
    if vintage is not None:
        rows = _known_at(rows, vintage, where)
    if dated:
        rows = rows.sort([*by, _KNOWN]).unique(subset=by, keep="last", maintain_order=True)
    requested = None if vintage is None else vintage_text(vintage)
    return Actuals(rows.sort(by), by, source_of, requested)


def _of_the_set(frame: pl.DataFrame, contract: Contract, where: str) -> pl.DataFrame:
    """The rows that `[load.where]` chooses by columns that are there, and the vintage by its name:
    a hub has one table of actual values for all its targets, and calls the vintage `as_of`.
    """
    chosen_by = {n: value for n, value in contract.load.where.items() if n in frame.columns}
    own = _of_oracle(own_rows(frame, chosen_by, where, lambda *_: None), contract)
    own = own if VINTAGE in own.columns else own.rename({AS_OF: VINTAGE}, strict=False)
    target = contract.target
    if target not in _TARGET_DATES or target in own.columns or _DATE in contract.key:
        return own
    return own.rename({_DATE: target}, strict=False)


def _told_apart(
    rows: pl.DataFrame, by: list[str], marks: list[str], frame: pl.DataFrame, contract: Contract
) -> tuple[pl.DataFrame, list[str]]:
    """The rows, and what tells them apart: where values of one key differ, an attribute of the
    contract that the table has, such as a hub's horizon; rows that say the same count once then.

    marks  the vintage, where there is one; frame: the table that the rows are of
    """
    attributes = {
        name: column.kind
        for name, column in contract.columns.items()
        if column.role == "attribute" and name in frame.columns
    }
    if not attributes or not rows.select(*by, *marks).is_duplicated().any():
        return rows, by
    once = rows.unique(maintain_order=True)
    if not once.select(*by, *marks).is_duplicated().any():
        return once, by
    for name, kind in attributes.items():
        part = _part(frame, name, kind, contract.name, contract.timezone)
        apart = rows.with_columns(part.alias(name))
        if not apart.select(*by, name, *marks).is_duplicated().any():
            return apart, [*by, name]
    return rows, by


def _of_oracle(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """A hub's oracle output with a row a key: a number stands there once for each output type, and
    of an outcome each category has a row, with 1 where it happened. Any other table as it is.
    """
    kind, category, value = _ORACLE
    if not {*_ORACLE} <= set(frame.columns) or {*_ORACLE} & {*contract.key, *contract.columns}:
        return frame
    kinds = pl.col(kind).fill_null("")
    if all(each.numeric for each in observed(contract)):
        return frame.filter(~kinds.is_in(["pmf", "cdf"])).drop(kind, category).unique()
    labels = [column.label for column in contract.columns.values() if column.label is not None]
    if len(labels) == 1:  # 1 and 0 say whether it happened
        own = (kinds == "pmf") & (pl.col(category).cast(pl.String) == labels[0])
        return frame.filter(own).drop(kind, category)
    happened = (kinds == "pmf") & (pl.col(value).cast(pl.Float64, strict=False) == 1)
    return frame.filter(happened).with_columns(pl.col(category).alias(value)).drop(kind, category)


def vintage_text(vintage: datetime | str) -> str:
    """A vintage that is asked for, as it is stored: a date, or an instant in UTC; raises
    InvalidError (`bad_time`).
    """
    if isinstance(vintage, str) and len(vintage) == len("2026-11-24"):
        return instants.parse_until(vintage).date().isoformat()
    moment = instants.instant_of(vintage)
    assert moment is not None
    return instants.text(moment)


def digest(rows: pl.DataFrame) -> str:
    """SHA-256 of column names, types and rows as CSV, in their order; floats exactly."""
    schema = [[name, str(dtype)] for name, dtype in rows.schema.items()]
    sha256 = hashlib.sha256(msgspec.json.encode(schema))
    for part in rows.iter_slices(_SLICE):
        sha256.update(part.write_csv(include_header=False, quote_style="non_numeric").encode())
    return sha256.hexdigest()


def _part(
    frame: pl.DataFrame, name: str, kind: ColumnType, where: str, zone: str | None = None
) -> pl.Series:
    """A column in a contract's type; text stands for what it says."""
    return cast_column(parsed(frame.get_column(name), kind, zone).to_frame(), name, kind, where)


def _join_key(frame: pl.DataFrame, contract: Contract) -> list[str]:
    by = [name for name in contract.key if name in frame.columns or name != contract.target]
    missing = [name for name in by if name not in frame.columns]
    if missing or not by:
        missing = missing or list(contract.key)
        raise InvalidError(
            "columns",
            f"{contract.name}: the actual values lack key columns: {', '.join(missing)}; "
            f"columns: {', '.join(frame.columns)}",
            remedy="name the key columns as the contract does",
            missing=missing,
        )
    return by


def _values(frame: pl.DataFrame, column: str, of: Observed, where: str) -> pl.Series:
    """What was observed: numbers as Float64, labels as text; null where nothing is known."""
    if of.numeric:
        values = _part(frame, column, "float", where)
        return values.set(~values.is_finite(), None)
    series = frame.get_column(column)
    only = of.probabilities[0][0] if of.label is None and len(of.probabilities) == 1 else None
    return series.cast(pl.String) if only is None else _happened(series, only, where)


def _happened(series: pl.Series, label: str, where: str) -> pl.Series:
    """An outcome with one label, also as true and false or 1 and 0: the label, or `not` and the
    label.
    """
    text = series.cast(pl.String).str.to_lowercase()
    outcomes = set(text.drop_nulls().unique().to_list())
    if label.lower() in outcomes or not outcomes <= {"1", "1.0", "true", "0", "0.0", "false"}:
        if series.dtype.is_numeric():
            raise InvalidError(
                "bad_actual",
                f"{where}: column {series.name!r} is neither 0 nor 1 throughout",
                remedy="write 1 where it happened and 0 where not, or the class itself",
            )
        return series.cast(pl.String)
    yes, no = pl.lit(label), pl.lit(f"not {label}")
    frame = pl.DataFrame({"text": text})
    return frame.select(
        pl.when(pl.col("text").is_null())
        .then(None)
        .when(pl.col("text").is_in(["1", "1.0", "true"]))
        .then(yes)
        .otherwise(no)
    ).to_series()


def _vintages(frame: pl.DataFrame, where: str, zone: str | None) -> pl.Series:
    series = frame.get_column(VINTAGE)
    if series.dtype == pl.String:
        dates = values_of(series, "date").null_count() == series.null_count()
        series = parsed(series, "date" if dates else "timestamp", zone)
    if zone is None and are_midnights(series):
        series = series.cast(pl.Date)
    if series.dtype != pl.Date and not isinstance(series.dtype, pl.Datetime):
        raise InvalidError(
            "bad_vintage",
            f"{where}: column 'vintage' is {type_word(series.dtype)}, not a date or a timestamp",
            remedy="write when each value was known, such as 2026-11-24",
        )
    if series.null_count():
        raise InvalidError(
            "bad_vintage",
            f"{where}: column 'vintage' is null in {count(series.null_count(), 'row')}",
            remedy="write when each value was known, or leave the column out",
        )
    return (
        series
        if series.dtype == pl.Date
        else cast_column(series.to_frame(), VINTAGE, "timestamp", where, zone)
    )


def _check_keys(rows: pl.DataFrame, by: list[str], vintage: list[str], where: str) -> None:
    nulls = rows.filter(pl.any_horizontal(pl.col(by).is_null()))
    if nulls.height:
        verb = "has" if nulls.height == 1 else "have"
        raise InvalidError(
            "null_key",
            f"{where}: {count(nulls.height, 'row')} {verb} a null key: {name_keys(nulls, by)}",
            remedy="complete the key, or leave these rows out",
        )
    twice = (
        rows.filter(pl.struct([*by, *vintage]).is_duplicated())
        .select(by)
        .unique(maintain_order=True)
        .sort(by)
    )
    if twice.height:
        verb = "appears" if twice.height == 1 else "appear"
        of, remedy = (
            (" in one vintage", "leave one row for each key and vintage")
            if vintage
            else ("", "tell revisions apart by a column 'vintage' (date or timestamp)")
        )
        raise InvalidError(
            "duplicate_key",
            f"{where}: {count(twice.height, 'key')} {verb} more than once{of}: "
            f"{name_keys(twice, by)}",
            remedy=remedy,
            keys=[[key_text(part) for part in row] for row in twice.head(100).iter_rows()],
        )


def _known_at(rows: pl.DataFrame, vintage: datetime | str, where: str) -> pl.DataFrame:
    if _KNOWN not in rows.columns:
        raise InvalidError(
            "bad_vintage",
            f"{where}: there is no column 'vintage' that says when a value was known",
            remedy="add it to the actual values, or leave --vintage out",
        )
    moment = (
        instants.parse_through(vintage)
        if isinstance(vintage, str)
        else instants.instant_of(vintage)
    )
    assert moment is not None
    vintages = pl.col(_KNOWN)
    limit = moment.astimezone(UTC).date() if rows.schema[_KNOWN] == pl.Date else moment
    return rows.filter(vintages <= limit)
