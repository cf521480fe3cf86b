"""Many versions of one set in files: a file a day, or one long table with the day in a column.

Each is a `DatedTable`: when it was made, what it is called, and how it is read, so that a thousand
of them need the memory of one.
"""

from __future__ import annotations

import calendar
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import PurePosixPath
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from estimates import instants
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.render.wording import did_you_mean
from estimates_jobs.tables.table_files import Table, read_parts, read_with_digest, start_of
from estimates_jobs.tables.table_sources import Part, digest_of, parts_of
from estimates_jobs.tables.text_options import TextOptions
from estimates_jobs.tables.typed_files import PARQUET

Moment = date | datetime
_DAY = re.compile(r"(?<!\d)(\d{4})([-_.]?)(\d{2})\2(\d{2})(?!\d)")
_WEEK = re.compile(r"(?<!\d)(\d{4})[-_]?W(\d{2})(?!\d)", re.IGNORECASE)
_MONTH = re.compile(r"(?<!\d)(\d{4})[-_](\d{2})(?![-_]?\d)")
_MARK = re.compile(r"\{date(?:([+-]\d+)d)?\}")


class DatedTable(NamedTuple):
    """A table with the moment that it belongs to.

    when  of a file: the day, or the last day of the week or month, in its name
    name  of the file, or of the table and the value of its column
    read  its rows, with a digest of what they were read from
    """

    when: Moment
    name: str
    read: Callable[[], Table]


def has_mark(text: str | None) -> bool:
    """Whether a text has a place for the date of a table, such as `{date}` or `{date-7d}`."""
    return text is not None and _MARK.search(text) is not None


def filled(text: str, when: Moment) -> str:
    """The text with the date in its places: `{date}`, `{date-7d}` for seven days before it."""

    def moment(match: re.Match[str]) -> str:
        shifted = when + timedelta(days=int(match[1] or 0))
        return instants.text(shifted) if isinstance(shifted, datetime) else shifted.isoformat()

    return _MARK.sub(moment, text)


def undated(word: str, options: TextOptions) -> DatedTable:
    """One table, whatever it is called; its date is never looked at."""
    return DatedTable(date.min, word, lambda: read_with_digest(word, options))


def dated_files(
    words: Sequence[str], options: TextOptions, *, one_a_date: bool = True
) -> list[DatedTable]:
    """The tables of some files, folders or globs, the oldest first.

    The date of a file stands in its name, or in that of the nearest folder; the files of one such
    folder are one table.
    Raises InvalidError: `no_file`, `no_date` (none, or several, in a name), `same_date`.
    """
    groups: dict[tuple[date, str], list[Part]] = {}
    for word in dict.fromkeys(words):
        for part in parts_of(word):
            when, name = _dated(part.name)
            groups.setdefault((when, name), []).append(part)
    tables = [
        DatedTable(when, name, partial(_read, parts, name, options))
        for (when, name), parts in sorted(groups.items(), key=lambda item: item[0])
    ]
    for before, after in pairwise(tables):
        if one_a_date and before.when == after.when:
            raise InvalidError(
                "same_date",
                f"{before.name} and {after.name} are both of {after.when}",
                remedy="name the files of one history alone, such as 'forecasts/*-team.csv'",
            )
    return tables


def rows_by_version(
    source: str, column: str, contract: Contract, options: TextOptions
) -> Iterator[DatedTable]:
    """The tables within a long one: the rows of each value of a column, the oldest first.

    The column itself is left out unless the contract has it. Parquet files are read a value at a
    time (quick where they are sorted by it), folders `column=value` one after another.
    Raises InvalidError: `columns`, `bad_time`, and what `read_table` raises.
    """
    parts = parts_of(source)
    if all(column in part.values for part in parts):
        yield from _folders(parts, column, contract, options)
        return
    rows = _rows(source, parts, options)
    _check_columns(rows, [column], source)
    values = rows.select(column).unique().collect(engine="streaming").get_column(column)
    moments = _moments(values.drop_nulls(), contract, source)
    if values.has_nulls():
        raise InvalidError(
            "bad_time",
            f"{source}: {column} is null in some rows, which belong to no version",
            remedy="complete it, or leave these rows out",
        )
    for when, value in moments:
        chosen = rows.filter(pl.col(column) == pl.lit(value, values.dtype))
        yield _rows_at(chosen, when, f"{source} [{column}={value}]", [column], contract)


def rows_by_validity(
    source: str, start: str, end: str | None, contract: Contract, options: TextOptions
) -> Iterator[DatedTable]:
    """The tables within one whose rows are valid from a moment, to another or until they are
    replaced: what was valid at each moment at which something changed, the oldest first.

    end  null in rows that are valid still; None: a row is valid until its key's next one
    Raises InvalidError: `columns`, `bad_time`, and what `read_table` raises.
    """
    rows = _rows(source, parts_of(source), options)
    bounds = [start] if end is None else [start, end]
    _check_columns(rows, [*bounds, *contract.key], source)
    ends = rows.select(bounds).unique().collect(engine="streaming")
    values = pl.concat([ends.get_column(name).alias(start) for name in bounds])
    moments = _moments(values.drop_nulls().unique(), contract, source)
    for when, value in moments:
        at = pl.lit(value, values.dtype)
        chosen = rows.filter(pl.col(start) <= at)
        if end is not None:
            chosen = chosen.filter(pl.col(end).is_null() | (pl.col(end) > at))
        else:
            latest = pl.col(start) == pl.col(start).max().over(list(contract.key))
            chosen = chosen.filter(latest)
        table = _rows_at(chosen, when, f"{source} [valid at {value}]", bounds, contract)
        yield table


def _dated(path: str) -> tuple[date, str]:
    """The date of a file, and the file or the folder in whose name it stands."""
    names = path.split("/")
    for depth in range(len(names), 0, -1):
        days = _days_in(names[depth - 1])
        if len(days) > 1:
            raise InvalidError(
                "no_date",
                f"{path}: has {len(days)} dates in its name, {' and '.join(map(str, days))}",
                remedy="publish it alone, with --through for its last moment of data",
            )
        if days:
            return days[0], "/".join(names[:depth])
    raise InvalidError(
        "no_date",
        f"{path}: has no date in its name or in those of its folders, such as 2026-11-24, "
        "20261124, 2026-W48 or 2026-11",
        remedy="publish it alone, with --through",
    )


def _days_in(name: str) -> list[date]:
    """The different days that a name has: days, else the Sundays of weeks, else ends of months."""
    for pattern, day_of in ((_DAY, _day), (_WEEK, _sunday), (_MONTH, _end_of_month)):
        days: list[date] = []
        for match in pattern.finditer(name):
            with suppress(ValueError):  # digits that are no date
                days.append(day_of(match))
        if days:
            return sorted(set(days))
    return []


def _day(match: re.Match[str]) -> date:
    return date(int(match[1]), int(match[3]), int(match[4]))


def _sunday(match: re.Match[str]) -> date:
    return date.fromisocalendar(int(match[1]), int(match[2]), 7)


def _end_of_month(match: re.Match[str]) -> date:
    year, month = int(match[1]), int(match[2])
    if not 1 <= month <= 12:
        raise ValueError(month)
    return date(year, month, calendar.monthrange(year, month)[1])


def _read(parts: list[Part], name: str, options: TextOptions) -> Table:
    return Table(read_parts(parts, options, name), digest_of(parts))


def _folders(
    parts: list[Part], column: str, contract: Contract, options: TextOptions
) -> Iterator[DatedTable]:
    groups: dict[object, list[Part]] = {}
    for part in parts:
        groups.setdefault(part.values[column], []).append(part)
    values = pl.Series(column, list(groups), pl.String)
    for when, value in _moments(values.drop_nulls(), contract, parts[0].name):
        within = groups[value]
        name = f"{PurePosixPath(within[0].name).parent}"

        def read(within: list[Part] = within, name: str = name) -> Table:
            table = _read(within, name, options)
            return table._replace(frame=_without(table.frame, [column], contract))

        yield DatedTable(when, name, read)


def _rows(source: str, parts: list[Part], options: TextOptions) -> pl.LazyFrame:
    """Parquet files on this machine are read when asked, all else is read whole."""
    paths = [part.path for part in parts if part.path is not None and not part.values]
    if len(paths) == len(parts) and all(start_of(path)[:4] == PARQUET for path in paths):
        rows = pl.scan_parquet(paths, glob=False)
        with suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException):
            names = rows.collect_schema().names()
            return rows.drop(name for name in options.ignored if name in names)
    return read_parts(parts, options, source).lazy()


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


def _moments(values: pl.Series, contract: Contract, source: str) -> list[tuple[Moment, object]]:
    """The values as days or moments, the oldest first, each with itself as it is stored."""
    return sorted(
        ((_moment(value, contract, f"{source}: {values.name}"), value) for value in values),
        key=lambda pair: _order(pair[0]),
    )


def _moment(value: object, contract: Contract, where: str) -> Moment:
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value.strip())
        return instants.parse(value.strip(), where)
    if isinstance(value, datetime):
        zone = ZoneInfo(contract.timezone) if contract.timezone else UTC
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return value
    raise InvalidError(
        "bad_time",
        f"{where}: {value!r} is no date or time, by which versions could be told apart",
        remedy="write days as 2026-11-24, and times as 2026-11-24T16:00:00Z",
    )


def _order(when: Moment) -> datetime:
    return when if isinstance(when, datetime) else instants.end_of_day(when)


def _rows_at(
    rows: pl.LazyFrame, when: Moment, name: str, bounds: list[str], contract: Contract
) -> DatedTable:
    def read() -> Table:
        frame = _without(rows.collect(), bounds, contract)
        # the same rows in another order are the same table
        frame = frame.sort([key for key in contract.key if key in frame.columns])
        content = io.BytesIO()
        frame.write_ipc(content)
        return Table(frame, hashlib.sha256(content.getbuffer()).hexdigest())

    return DatedTable(when, name, read)


def _without(frame: pl.DataFrame, columns: list[str], contract: Contract) -> pl.DataFrame:
    own = {*contract.key, *contract.columns}
    return frame.drop([name for name in columns if name not in own], strict=False)
