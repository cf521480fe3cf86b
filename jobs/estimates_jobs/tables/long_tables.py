"""Many versions of one set in one long table: by a column that says which version a row is of, or
by columns that say from when to when a row holds.

A table is read version by version, so that a thousand of them need the memory of one.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath

import polars as pl

from estimates import instants
from estimates.contract.contract import Contract
from estimates.contract.own_rows import has_values, own_rows
from estimates.contract.time_values import (
    ASSUMED_ZONE,
    TIMESTAMP,
    are_midnights,
    dates_of,
    instants_of,
    is_naive,
    moments_of,
)
from estimates.errors import InvalidError
from estimates.render.wording import count, did_you_mean, first_line
from estimates_jobs.tables.dated_tables import DatedTable, Moment, read_dated
from estimates_jobs.tables.stored_tables import StoredTable
from estimates_jobs.tables.table_files import Table, cleaned, file_gone, read_parts, start_of
from estimates_jobs.tables.table_sources import Part, parts_of
from estimates_jobs.tables.table_words import opened
from estimates_jobs.tables.text_options import TextOptions
from estimates_jobs.tables.typed_files import PARQUET

_FROM, _TO = "\0from", "\0to"  # not printable, so no column of a table has the name


def rows_by_version(
    source: str, column: str, contract: Contract, options: TextOptions
) -> Iterator[DatedTable]:
    """The tables within a long one: the rows of each value of a column, the oldest first.

    The column itself is left out unless the contract has it. Parquet files are read a value at a
    time (quick where they are sorted by it), folders `column=value` one after another. Times
    without a zone are of the contract's.
    Raises InvalidError: `columns`, `bad_time`, `same_date`, `no_rows`, and what `read_table`
    raises.
    """
    stored = _opened(source, options)
    if stored is None:
        parts = parts_of(source)
        if all(column in part.values for part in parts):
            yield from _folders(source, parts, column, contract, options)
            return
        stored = _of_parts(source, parts, options)
    source, version = stored.name, stored.version
    rows = _own(stored, contract, options)
    _check_columns(rows, [column], source)
    values = _distinct(rows, column, source)
    for when, value in _versions(values, contract, source):
        own = rows.filter(pl.col(column) == _literal(value))
        name = f"{source} [{column}={value.item()}]"
        yield _rows_at(own, when, name, [column], contract, version)


def rows_by_validity(
    source: str, start: str, end: str | None, contract: Contract, options: TextOptions
) -> Iterator[DatedTable]:
    """The tables within one whose rows are valid from a moment, to another or until they are
    replaced: what was valid at each moment at which something changed, the oldest first.

    end  null, or `infinity` in text, in rows that are valid still; None: a row is valid until its
         key's next one
    A moment that lies ahead, such as an end in the year 9999, is no version yet. Where some of the
    values are times of day, a date is its first moment. Rows that end as they begin are left out.
    Raises InvalidError: `columns`, `bad_time`, `no_rows`, and what `read_table` raises; reading a
    table in which two rows of a key are valid raises `duplicate_key`.
    """
    stored = _opened(source, options) or _of_parts(source, parts_of(source), options)
    source, version = stored.name, stored.version
    rows = _own(stored, contract, options)
    bounds = [start] if end is None else [start, end]
    _check_columns(rows, [*bounds, *contract.key], source)
    if end is not None:
        rows = _open_ended(rows, end)
    rows = _with_times(rows, bounds, contract, source)
    _check_times(rows, bounds, source)
    rows, moments = _holding(rows, bounds, source, options)
    past = [moment for moment in moments if not _lies_ahead(moment)]
    if len(past) < len(moments):
        ahead = moments[len(past) :]
        options.note(
            f"{source}: {count(len(ahead), 'moment')} from {ahead[0]} on lie ahead, where nothing "
            "is known yet"
        )
    for moment in past:
        at = pl.lit(moment, pl.Date if type(moment) is not datetime else TIMESTAMP)
        chosen = rows.filter(pl.col(_FROM) <= at)
        if end is not None:
            chosen = chosen.filter(pl.col(_TO).is_null() | (pl.col(_TO) > at))
        else:
            newest = pl.col(_FROM).max().over(list(contract.key))
            chosen = chosen.filter(pl.col(_FROM) == newest)
        chosen = chosen.drop(_FROM, _TO, strict=False)
        name = f"{source} [valid at {moment}]"
        yield _rows_at(chosen, moment, name, bounds, contract, version, once=True)


def _literal(value: pl.Series) -> pl.Expr:
    """A column of one value as a literal; a value of Python has no nanoseconds."""
    if isinstance(value.dtype, pl.Datetime) and value.dtype.time_unit == "ns":
        return pl.lit(value.to_physical().item()).cast(value.dtype)
    return pl.lit(value.item(), value.dtype)


def _lies_ahead(moment: Moment) -> bool:
    now = instants.now()
    return moment > now if isinstance(moment, datetime) else moment > now.date()


def _folders(
    source: str, parts: list[Part], column: str, contract: Contract, options: TextOptions
) -> Iterator[DatedTable]:
    groups: dict[str | None, list[Part]] = {}
    for part in parts:
        groups.setdefault(part.values[column], []).append(part)
    values = pl.Series(column, list(groups), pl.String)
    for when, value in _versions(values, contract, source):
        within = groups[value.item()]
        name = f"{PurePosixPath(within[0].name).parent}"

        def read(within: list[Part], name: str) -> Table:
            table = read_dated(within, name, options)
            return table._replace(frame=_without(table.frame, [column], contract))

        yield DatedTable(when, name, partial(read, within, name))


def _opened(source: str, options: TextOptions) -> StoredTable | None:
    """A table of Delta, Iceberg or a database, without what a person says is no part of it."""
    stored = opened(source)
    if stored is None or not (options.where or options.nulls or options.ignored):
        return stored
    rows = cleaned(_collected(stored.rows, stored.name), options, stored.name)
    return stored._replace(rows=rows.lazy())


def _of_parts(source: str, parts: list[Part], options: TextOptions) -> StoredTable:
    """Parquet files on this machine are read when asked, all others whole."""
    rows = _scanned(parts, options)
    if rows is None:
        rows = read_parts(parts, options, source).lazy()
    return StoredTable(source, None, rows)


def _own(stored: StoredTable, contract: Contract, options: TextOptions) -> pl.LazyFrame:
    """The set's own rows."""
    source, rows = stored.name, stored.rows
    names = rows.collect_schema().names()
    where = {name: cell for name, cell in contract.load.where.items() if name in names}
    if not where:
        return rows
    own = rows.filter(has_values(where))
    of_all, of_set = (_collected(part.select(pl.len()), source).item() for part in (rows, own))
    if not of_set:
        own_rows(_collected(rows, source), where, source, options.note_used)  # says which there are
    if of_set < of_all:
        options.note(f"{source}: {of_set:,} of {of_all:,} rows are used, by [load.where]")
    return own


def _scanned(parts: list[Part], options: TextOptions) -> pl.LazyFrame | None:
    """The rows of Parquet files as they stand there; None for others, and where options change
    them.
    """
    paths = [part.path for part in parts if part.path is not None and not part.values]
    if options.where or options.nulls or len(paths) < len(parts):
        return None
    if not all(start_of(path)[:4] == PARQUET for path in paths):
        return None
    with suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException):
        rows = pl.scan_parquet(paths, glob=False)
        names = rows.collect_schema().names()
        return rows.drop(name for name in options.ignored if name in names)
    return None


def _collected(rows: pl.LazyFrame, source: str) -> pl.DataFrame:
    """Raises InvalidError (`bad_file`) for a Parquet file that is damaged behind its header, or of
    a lake's table gone.
    """
    try:
        return rows.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise file_gone(source, error) or InvalidError(
            "bad_file",
            f"{source}: is damaged: {first_line(error)}",
            remedy="write or fetch it again",
        ) from None


def _check_columns(rows: pl.LazyFrame, wanted: list[str], source: str) -> None:
    names = rows.collect_schema().names()
    for name in wanted:
        if name not in names:
            raise InvalidError(
                "columns",
                f"{source}: has no column {name!r}{did_you_mean(name, names)}; it has "
                f"{', '.join(names)}",
                remedy="name one of these",
            )


def _distinct(rows: pl.LazyFrame, column: str, source: str) -> pl.Series:
    values = _collected(rows.select(column).unique(), source).get_column(column)
    if values.is_empty():
        raise InvalidError("no_rows", f"{source}: has no rows", remedy="name a table that has some")
    return values


def _versions(
    values: pl.Series, contract: Contract, source: str
) -> Iterator[tuple[Moment, pl.Series]]:
    """Each of distinct values with the day or moment that it says, the oldest first."""
    times = _times(values, contract, source)
    if times.has_nulls():
        raise InvalidError(
            "bad_time",
            f"{source}: {values.name} is null in some rows, which belong to no version",
            remedy="complete it, or leave these rows out",
        )
    twice = times.filter(times.is_duplicated())
    if len(twice):
        raise InvalidError(
            "same_date",
            f"{source}: {values.name} writes {twice[0]} in more than one way",
            remedy="write each day or moment in one way",
        )
    for place in times.arg_sort():
        yield times[place], values[place : place + 1]


def _times(values: pl.Series, contract: Contract, source: str) -> pl.Series:
    """The days that values say, or where some are times of day their moments in UTC, a day being
    its first one; null where a value is, or is blank.
    """
    zone = contract.timezone or ASSUMED_ZONE
    if values.dtype in (pl.String, pl.Categorical, pl.Enum):
        text = values.cast(pl.String).str.strip_chars()
        text = text.set(text == "", None)
        for times in (dates_of(text), instants_of(text, zone)):
            if times.null_count() == text.null_count():
                return times
        unread = text.filter(times.is_null() & text.is_not_null())
        raise _no_time(f"{source}: {values.name}", unread[0])
    if is_naive(values.dtype):
        is_days = contract.timezone is None and are_midnights(values)
        return values.cast(pl.Date) if is_days else moments_of(values, zone)
    if isinstance(values.dtype, pl.Datetime):
        return values.dt.convert_time_zone("UTC").cast(TIMESTAMP)
    if values.dtype in (pl.Date, pl.Null):
        return values.cast(pl.Date)
    raise _no_time(f"{source}: {values.name}", values.drop_nulls()[0])


def _no_time(where: str, value: object) -> InvalidError:
    return InvalidError(
        "bad_time",
        f"{where}: {value!r} is no date or time, by which versions could be told apart",
        remedy="write days as 2026-11-24, and times as 2026-11-24T16:00:00Z",
    )


def _open_ended(rows: pl.LazyFrame, end: str) -> pl.LazyFrame:
    """PostgreSQL writes `infinity` for an end that is none."""
    if rows.collect_schema()[end] != pl.String:
        return rows
    word = pl.col(end).str.strip_chars().str.to_lowercase()
    return rows.with_columns(pl.when(word != "infinity").then(pl.col(end)).alias(end))


def _with_times(
    rows: pl.LazyFrame, bounds: list[str], contract: Contract, source: str
) -> pl.LazyFrame:
    """The rows with the times of their bounds beside them, all days or all moments."""
    values = [_distinct(rows, name, source) for name in bounds]
    times = [_times(of_bound, contract, source) for of_bound in values]
    if any(each.dtype != pl.Date for each in times):
        zone = contract.timezone or ASSUMED_ZONE
        times = [
            moments_of(each.cast(pl.Datetime("us")), zone) if each.dtype == pl.Date else each
            for each in times
        ]
    columns = [
        (pl.col(name) if raw.dtype == each.dtype else _replaced(raw, each)).alias(added)
        for name, added, raw, each in zip(bounds, (_FROM, _TO), values, times, strict=False)
    ]
    return rows.with_columns(columns)


def _holding(
    rows: pl.LazyFrame, bounds: list[str], source: str, options: TextOptions
) -> tuple[pl.LazyFrame, list[Moment]]:
    """The rows that hold at some time, and each moment at which one begins or ends to, the oldest
    first.
    """
    names = [_FROM, _TO][: len(bounds)]
    if len(bounds) > 1:
        never = pl.col(_TO) == pl.col(_FROM)
        empty = _collected(rows.select(never.sum()), source).item() or 0
        if empty:
            options.note(f"{source}: left out {count(empty, 'row')} of no duration")
        rows = rows.filter(never.is_null() | ~never)
    times = [_collected(rows.select(name).unique(), source)[name].alias(_FROM) for name in names]
    return rows, pl.concat(times).drop_nulls().unique().sort().to_list()


def _replaced(raw: pl.Series, times: pl.Series) -> pl.Expr:
    known = raw.is_not_null()
    return pl.col(raw.name).replace_strict(
        raw.filter(known), times.filter(known), default=None, return_dtype=times.dtype
    )


def _check_times(rows: pl.LazyFrame, bounds: list[str], source: str) -> None:
    """Raises InvalidError (`bad_time`) for rows that begin at no time, or end before they begin."""
    wrong = [(pl.col(_FROM).is_null(), f"{bounds[0]} is null", "say from when they hold")]
    if len(bounds) > 1:
        ends_first = pl.col(_TO) < pl.col(_FROM)
        wrong.append((ends_first, f"{bounds[1]} is before {bounds[0]}", "mend these times"))
    for test, what, remedy in wrong:
        n = _collected(rows.select(test.sum()), source).item() or 0
        if n:
            raise InvalidError("bad_time", f"{source}: {what} in {count(n, 'row')}", remedy=remedy)


def _rows_at(
    rows: pl.LazyFrame,
    when: Moment,
    name: str,
    bounds: list[str],
    contract: Contract,
    version: str | None,
    *,
    once: bool = False,
) -> DatedTable:
    """once  whether no key may have two rows"""

    def read() -> Table:
        frame = _without(_collected(rows, name), bounds, contract)
        if once:
            _check_once(frame, list(contract.key), name, bounds)
        # the same rows in another order are the same table
        frame = frame.sort([key for key in contract.key if key in frame.columns])
        content = io.BytesIO()
        frame.write_ipc(content)
        return Table(frame, hashlib.sha256(content.getbuffer()).hexdigest(), version)

    return DatedTable(when, name, read)


def _check_once(frame: pl.DataFrame, keys: list[str], name: str, bounds: list[str]) -> None:
    twice = frame.select(keys).filter(frame.select(keys).is_duplicated())
    if twice.height:
        raise InvalidError(
            "duplicate_key",
            f"{name}: {', '.join(map(str, twice.row(0)))} has more than one row that is valid",
            remedy=f"mend {' and '.join(bounds)}, so that a key's row ends where its next one "
            "begins, or leave one of them out",
        )


def _without(frame: pl.DataFrame, columns: list[str], contract: Contract) -> pl.DataFrame:
    own = {*contract.key, *contract.columns}
    return frame.drop([name for name in columns if name not in own], strict=False)
