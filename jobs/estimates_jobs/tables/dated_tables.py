"""Many versions of one set in files: a file a day.

Each is a `DatedTable`: when it was made, what it is called, and how it is read, so that a thousand
of them need the memory of one.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from estimates import instants
from estimates.errors import InvalidError
from estimates_jobs.tables.table_files import Table, read_parts, read_with_digest, start_of
from estimates_jobs.tables.table_sources import Part, digest_of, parts_of
from estimates_jobs.tables.text_options import TextOptions

Moment = date | datetime
_DAY = re.compile(r"(?<!\d)(\d{4})([-_.]?)(\d{2})\2(\d{2})(?!\d)")
_WEEK = re.compile(r"(?<!\d)(\d{4})[-_]?W(\d{2})(?!\d)", re.IGNORECASE)
_MONTH = re.compile(r"(?<!\d)(\d{4})[-_](\d{2})(?![-_]?\d)")
_MARK = re.compile(r"\{date(?:([+-]\d+)d)?\}")


class DatedTable(NamedTuple):
    """A table with the moment that it belongs to.

    when  of a file: the day, or the last day of the week or month, in its name; of one that cannot
          be read for want of a date the first of the calendar
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
    """The text with the date in its places: `{date}`, `{date-7d}` for seven days before it; raises
    InvalidError (`bad_time`) beyond the calendar.
    """

    def moment(match: re.Match[str]) -> str:
        try:
            shifted = when + timedelta(days=int(match[1] or 0))
        except OverflowError:
            raise InvalidError(
                "bad_time",
                f"{match[0]}: is no day of the calendar for {when}",
                remedy="write {date}, or {date-7d} for a week before it",
            ) from None
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
    folder are one table. Among dated files one without a date is a table that cannot be read.
    Raises InvalidError: `no_file`, `no_date` (none of them has one), `same_date`.
    """
    groups: dict[tuple[date, str], list[Part]] = {}
    undated: list[DatedTable] = []
    for part in _parts(words):
        try:
            groups.setdefault(_dated(part.name), []).append(part)
        except InvalidError as error:
            undated.append(DatedTable(date.min, part.name, partial(_raise, error)))
    if not groups:
        undated[0].read()
    tables = [
        DatedTable(when, name, partial(read_dated, _with_rows(parts), name, options))
        for (when, name), parts in sorted(groups.items(), key=lambda item: item[0])
    ]
    for before, after in pairwise(tables):
        if one_a_date and before.when == after.when:
            raise InvalidError(
                "same_date",
                f"{before.name} and {after.name} are both of {after.when}",
                remedy="name the files of one history alone, such as 'forecasts/*-team.csv'",
            )
    return undated + tables


def _parts(words: Sequence[str]) -> list[Part]:
    """The files that some words name, each once; raises InvalidError `no_file`."""
    parts: dict[object, Part] = {}
    for word in words:
        for part in parts_of(word, with_empty=True):
            if part.path is not None and not part.path.exists():
                start_of(part.path)  # raises
            parts.setdefault(part.name if part.path is None else part.path.resolve(), part)
    return list(parts.values())


def _with_rows(parts: list[Part]) -> list[Part]:
    """The files of a table without those that are empty, if not all are."""
    return [part for part in parts if part.size != 0] or parts


def _raise(error: InvalidError) -> Table:
    raise error


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


def read_dated(parts: list[Part], name: str, options: TextOptions) -> Table:
    """The table that is made of some files; raises what `read_table` raises."""
    return Table(read_parts(parts, options, name), digest_of(parts))
