"""Times and dates as tables from anywhere write them, in the two forms that a contract holds.

The one place that knows the spellings of the field:
  with a zone     `2026-01-01 00:00:00+00` (PostgreSQL, DuckDB), ` UTC` (BigQuery), ` -0800`
                  (Snowflake), `T00:00Z`, `+0530`; nanoseconds where they are zeros
  without a zone  the same without their end, as pandas, Spark and statsforecast write them: a
                  moment only where somebody says the zone, a date where it is midnight
"""

import re
from typing import TypeGuard

import polars as pl

from estimates.errors import InvalidError
from estimates.instants import check_zone

TIMESTAMP = pl.Datetime("us", "UTC")
ASSUMED_ZONE = "UTC"  # of times without one where nobody has to say it: two tables, a draft
# What is to be done about times without a zone.
NAME_THE_ZONE = (
    'it has times without a time zone: give --timezone ZONE, or write timezone = "ZONE" into the '
    "contract, such as UTC or Europe/Berlin"
)
_LOOKED_AT = 100  # cells that spare most columns of text a pass over all
_DAY = r"\d{4}-\d\d-\d\d"
_CLOCK = r"[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,6}0*)?)?"
_ZONE = r" ?(?:[Zz]|UTC|GMT|[+-]\d\d(?::?[0-5]\d)?)"
_MIDNIGHT = r"[Tt ]00:00(?::00(?:\.0+)?)?"
_WITH_ZONE = f"^{_DAY}{_CLOCK}{_ZONE}$"
_WITHOUT_ZONE = f"^{_DAY}(?:{_CLOCK})?$"
_DATE = f"^{_DAY}(?:{_MIDNIGHT})?$"
_LAST = pl.datetime(9999, 12, 31, 23, 59, 59, 999_999, time_zone="UTC")
_FIRST = pl.datetime(1, 1, 1, time_zone="UTC")


def instants_of(text: pl.Series, zone: str | None = None) -> pl.Series:
    """The moments that text says, in UTC to the microsecond; null where it says none.

    zone  of times that say none of their own, bare dates among them; without it they are no
          moments. A local time that a zone skips is none, and so is one that it has twice.
    Raises InvalidError (`bad_timezone`).
    """
    moments = _with_zone(text)
    if zone is not None:
        check_zone(zone)
        moments = moments.zip_with(moments.is_not_null(), _in_zone(_without_zone(text), zone))
    inside = pl.select(pl.lit(moments).is_between(_FIRST, _LAST)).to_series()
    return moments.set(~inside.fill_null(True), None)


def dates_of(text: pl.Series) -> pl.Series:
    """The days that text says, also as a midnight without a zone; null where it says none."""
    days = text.set(~text.str.contains(_DATE), None).str.head(10)
    return days.str.to_date("%Y-%m-%d", strict=False)


def times_of(text: pl.Series) -> pl.Series | None:
    """A column of text that is ISO days or times throughout as what it says: dates, moments, or
    times without a zone; None for any other.
    """
    cells = text.drop_nulls()
    if cells.is_empty() or not re.match(_DAY, cells[0].strip()):
        return None
    text = text.str.strip_chars()
    for read in (dates_of, instants_of, _without_zone):
        if read(text.drop_nulls().head(_LOOKED_AT)).has_nulls():
            continue
        times = read(text)
        if times.null_count() == text.null_count():
            return times
    return None


def says_no_zone(text: pl.Series) -> pl.Series:
    """The cells that are a time without a zone, or a bare date; null where a cell is."""
    return text.str.contains(_WITHOUT_ZONE)


def moments_of(times: pl.Series, zone: str) -> pl.Series:
    """Stored times without a zone as those of a zone, in UTC to the microsecond.

    Raises InvalidError: `bad_timezone`; `bad_value` for the first that the zone skips or has twice.
    """
    check_zone(zone)
    moments = _in_zone(times, zone)
    lost = (moments.is_null() & times.is_not_null()).arg_true()
    if len(lost):
        raise InvalidError(
            "bad_value",
            f"column {times.name!r}, row {lost[0] + 1}: {times[lost[0]]} is no moment of {zone}, "
            "or two: its clocks were changed then",
            remedy="write the column in UTC, or with offsets",
            column=times.name,
            rows=[row + 1 for row in lost.head(100)],
        )
    return moments


def is_naive(dtype: pl.DataType) -> TypeGuard[pl.Datetime]:
    """Whether a type is that of times without a zone."""
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is None


def are_midnights(times: pl.Series) -> bool:
    """Whether a column is of times without a zone, all the first moment of a day, one at least."""
    if not is_naive(times.dtype):
        return False
    ticks = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
    day = ticks[times.dtype.time_unit]
    return times.null_count() < len(times) and bool((times.to_physical() % day == 0).all())


def _with_zone(text: pl.Series) -> pl.Series:
    iso = text.set(~text.str.contains(_WITH_ZONE), None)
    for pattern, form in (
        (r"^(.{10}).", "${1}T"),
        (r" ?(?:[Zz]|UTC|GMT)$", "+00:00"),
        (r" ?([+-]\d\d)$", "$1:00"),
        (r" ?([+-]\d\d)(\d\d)$", "$1:$2"),
        (r"^(.{13}:\d\d) ?([+-])", "$1:00$2"),
        (r" ([+-])", "$1"),
    ):
        iso = iso.str.replace(pattern, form)
    return iso.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False).cast(
        TIMESTAMP
    )


def _without_zone(text: pl.Series) -> pl.Series:
    iso = text.set(~text.str.contains(_WITHOUT_ZONE), None)
    for pattern, form in (
        (r"^(.{10})$", "${1}T00:00:00"),
        (r"^(.{10}).(.{5})$", "${1}T${2}:00"),
        (r"^(.{10}).", "${1}T"),
    ):
        iso = iso.str.replace(pattern, form)
    return iso.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)


def _in_zone(times: pl.Series, zone: str) -> pl.Series:
    """Null for what a zone skips or has twice."""
    local = times.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    return local.dt.convert_time_zone("UTC").cast(TIMESTAMP)
