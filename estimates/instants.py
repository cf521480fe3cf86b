"""Instants: aware UTC datetimes at microsecond precision, the only form in which time crosses an
interface.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from estimates.errors import InvalidError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LOCAL = _DATE + r"[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_OFFSET = r"(?:[Zz]|[+-][0-9]{2}:[0-5][0-9])"
_FINER = re.compile(r"\.[0-9]{6}[0-9]*[1-9]")
# Forms for those who ask over HTTP; a number may make a duration too long, a day may not exist.
DURATION_FORM = "|".join(
    f"[0-9]+{unit}" + "".join(f"([0-9]+{lesser})?" for lesser in "wdhms"["wdhms".index(unit) + 1 :])
    for unit in "wdhms"
)
TIME_FORM = _DATE + r"[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6}0*)?([Zz]|[+-][0-9]{2}:[0-5][0-9])"
TIME_OR_DAY_FORM = f"{_DATE}|{TIME_FORM}"
_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_LONGEST = timedelta(days=36525)  # so that now − duration is a date of the calendar
_FORM = "is not a time"
_WRITE = "write 2026-11-24T16:00:00Z"


def now() -> datetime:
    """The clock, in UTC."""
    return datetime.now(UTC)


def parse(text: str, what: str = "time") -> datetime:
    """Read an RFC 3339 timestamp, `T` between date and time, with `Z` or an offset at its end.

    Letters in either case, as RFC 3339 has it; at most six digits after the second, but for zeros
    behind them.
    Raises InvalidError (`bad_time`) that says what to write for a bare date, a missing offset, too
    many digits, or a space where an unescaped `+` was meant in a URL.
    """
    problem = _problem(text)
    if problem:
        fault, _, remedy = problem.partition("; ")
        raise InvalidError("bad_time", f"{what} {text!r} {fault}", remedy=remedy)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except ValueError:
        raise InvalidError("bad_time", f"{what} {text!r} {_FORM}", remedy=_WRITE) from None
    except OverflowError:
        raise InvalidError(
            "bad_time",
            f"{what} {text!r} lies outside the years 1 to 9999 in UTC",
            remedy="give a moment within them",
        ) from None


def _problem(text: str) -> str:
    """What is wrong with the form of a time, and what to write; nothing for the right form."""
    if re.fullmatch(_LOCAL + _OFFSET, text):
        finer = _FINER.search(text)
        return (
            "is too fine: a time has microseconds, six digits after the second; round it"
            if finer
            else ""
        )
    if re.fullmatch(_DATE, text):
        return f"is a bare date; write {text}T00:00:00Z for its first moment in UTC"
    if re.fullmatch(_LOCAL, text):
        return "has no offset; end it in Z or an offset such as +01:00"
    return f"{_FORM}; {_WRITE}" + (
        " (in a URL write + as %2B)" if re.search(r"[0-9] [0-9]{2}:?[0-9]{2}$", text) else ""
    )


def instant_of(value: datetime | str | None) -> datetime | None:
    """A time as a caller in Python gives it: a datetime with offset, or its text; raises
    InvalidError (`bad_time`).
    """
    if isinstance(value, datetime) and value.tzinfo is None:
        raise InvalidError(
            "bad_time",
            f"time {value} has no time zone",
            remedy="give it one: value.replace(tzinfo=UTC)",
        )
    return parse(value) if isinstance(value, str) else value


def parse_through(text: str) -> datetime:
    """Read a `data_through`: a timestamp with offset, or a date, which stands for all of that day
    in UTC.

    Of a day that is not over, what has passed so far: a run cannot have seen more.
    """
    if not re.fullmatch(_DATE, text):
        return parse(text, "data_through")
    end, clock = _end_of(text), now()
    return clock if end.date() == clock.date() else end


def parse_until(text: str) -> datetime:
    """Read an end that lies ahead: a timestamp with offset, or a date, which stands for all of that
    day in UTC.
    """
    return _end_of(text) if re.fullmatch(_DATE, text) else parse(text, "until")


def _end_of(day: str) -> datetime:
    try:
        return end_of_day(date.fromisoformat(day))
    except ValueError:
        raise InvalidError(
            "bad_time", f"{day!r} is not a date of the calendar", remedy="write 2026-11-24"
        ) from None


def end_of_day(day: date) -> datetime:
    """The last microsecond of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, microseconds=-1)


def check_zone(zone: str, where: str = "") -> None:
    """Raises InvalidError (`bad_timezone`) for what is no name of the time zone database."""
    from zoneinfo import ZoneInfo  # takes a moment, and few ask

    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        raise InvalidError(
            "bad_timezone",
            f"{where}{zone!r} is no time zone",
            remedy="write a name such as UTC, Europe/Berlin or America/New_York",
        ) from None


def text(instant: datetime) -> str:
    """RFC 3339 in UTC with `Z`; six fractional digits, or none when they are zero."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """The inverse of `micros`."""
    return EPOCH + timedelta(microseconds=value)


def duration(text: str) -> timedelta:
    """A duration such as `30m`, `36h`, `1d12h` or `2w`, at most 100 years; raises ValueError."""
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is not a duration; write 30m, 36h, 1d12h or 2w")
    try:
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (OverflowError, ValueError):  # ValueError: thousands of digits
        length = timedelta.max
    if length > _LONGEST:
        raise ValueError(f"{text!r} is longer than 100 years")
    return length
