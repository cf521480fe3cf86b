"""Calendars: the steps of time on which a rolling set's targets lie.

An exchange code such as XNYS steps over the sessions of that exchange; `hourly`, `daily`,
`weekdays`, `monday-to-saturday`, `weekly` (Mondays; `weekly-sunday` and so on are other days),
`monthly`, `quarterly`, `yearly` (firsts) and `month-end`, `quarter-end`, `year-end` are what they
say, in UTC. A date stands for its first moment in UTC when it is compared with an instant, so the
steps after an instant are those whose first moment lies strictly after it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count, islice
from typing import TYPE_CHECKING

from estimates import instants
from estimates.contract.due import DAY_RULES
from estimates.errors import InvalidError
from estimates.render.wording import did_you_mean

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

Step = date | datetime

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


class Calendar(ABC):
    """The steps of one calendar, and what was known when: dates on that date in UTC."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def next_steps(self, after: datetime, n: int) -> list[Step]:
        """The `n` steps strictly after an instant, in order."""

    @abstractmethod
    def steps(self, first: Step, last: Step) -> list[Step]:
        """All steps from `first` to `last`, both included when they are steps."""

    def origin(self, instant: datetime) -> datetime:
        """The `data_through` that a run asked for at this instant gets: the instant itself."""
        return instant

    def known_through(self, data_through: datetime) -> date:
        """The last date whose rows were known at `data_through`."""
        return data_through.astimezone(UTC).date()

    def known_at(self, day: date) -> datetime:
        """When all rows of a date were known."""
        return instants.end_of_day(day)


def calendar_of(name: str) -> Calendar:
    """The calendar of a name; raises InvalidError (`unknown_calendar`) that lists the names."""
    if name == "hourly":
        return Hourly(name)
    if name in DAY_RULES:
        return Daily(name, DAY_RULES[name])
    from exchange_calendars import get_calendar_names

    if name in get_calendar_names():
        return Exchange(name)
    names = sorted(get_calendar_names(include_aliases=False))
    meant, codes = did_you_mean(name, ["hourly", *DAY_RULES, *names]), ", ".join(names)
    raise InvalidError(
        "unknown_calendar",
        f"calendar {name!r} is not known{meant}",
        remedy=(f"allowed: hourly, {', '.join(DAY_RULES)}, or one of {codes}"),
    )


class Hourly(Calendar):
    """Every full hour, in UTC."""

    def next_steps(self, after: datetime, n: int) -> list[Step]:
        """The `n` full hours strictly after an instant."""
        first = _full_hour(after) + _HOUR
        return [first + i * _HOUR for i in range(n)]

    def steps(self, first: Step, last: Step) -> list[Step]:
        """The full hours from `first` to `last`."""
        start = _full_hour(first_moment(first) + _HOUR - timedelta(microseconds=1))
        return [start + i * _HOUR for i in range((first_moment(last) - start) // _HOUR + 1)]


class Daily(Calendar):
    """Dates that satisfy a rule: every day, weekdays, Mondays or firsts of a month."""

    def __init__(self, name: str, rule: Callable[[date], bool]) -> None:
        super().__init__(name)
        self._rule = rule

    def next_steps(self, after: datetime, n: int) -> list[Step]:
        """The `n` dates of the rule that begin strictly after an instant."""
        today = after.astimezone(UTC).date()
        days = filter(self._rule, (today + i * _DAY for i in count(1)))
        return list(islice(days, n))

    def steps(self, first: Step, last: Step) -> list[Step]:
        """The dates of the rule from `first` to `last`."""
        start = _date(first)
        days = (start + i * _DAY for i in range((_date(last) - start).days + 1))
        return [day for day in days if self._rule(day)]


class Exchange(Calendar):
    """The sessions of an exchange; what a session brings is known at its close."""

    def next_steps(self, after: datetime, n: int) -> list[Step]:
        """The `n` sessions whose date begins strictly after an instant.

        Raises InvalidError (`calendar_range`) where the calendar does not know that many.
        """
        day = after.astimezone(UTC).date()
        # Two calendar days a session, and a month for the longest closures there have been.
        closes = self._closes(day + _DAY, day + _DAY * (2 * n + 31))
        if len(closes) < n:
            raise self._unknown(f"{n} sessions after {day}")
        return list(closes)[:n]

    def steps(self, first: Step, last: Step) -> list[Step]:
        """The sessions from `first` to `last`."""
        return list(self._closes(_date(first), _date(last)))

    def origin(self, instant: datetime) -> datetime:
        """The last close at or before an instant; of a date asked for as its last moment, that
        session's close.

        Raises InvalidError (`calendar_range`) before the calendar begins.
        """
        day = instant.astimezone(UTC).date()
        closes = [
            close for close in self._closes(day - 31 * _DAY, day).values() if close <= instant
        ]
        if not closes:
            raise self._unknown(f"a session at or before {instants.text(instant)}")
        return closes[-1]

    def known_through(self, data_through: datetime) -> date:
        """The last date known: a session at its close, another day when it is over."""
        day = data_through.astimezone(UTC).date()
        return day if self.known_at(day) <= data_through else day - _DAY

    def known_at(self, day: date) -> datetime:
        """The close of a session, the end of another day."""
        return self._closes(day, day).get(day, instants.end_of_day(day))

    def _closes(self, first: date, last: date) -> dict[date, datetime]:
        """Close by session, from the first to the last date."""
        closes: dict[date, datetime] = {}
        for decade in range(first.year // 10, last.year // 10 + 1):
            closes |= _closes_of_decade(self.name, decade)
        return {session: close for session, close in closes.items() if first <= session <= last}

    def _unknown(self, wanted: str) -> InvalidError:
        return InvalidError(
            "calendar_range",
            f"calendar {self.name}: does not know {wanted}",
            remedy="a newer exchange_calendars may",
        )


@lru_cache(maxsize=64)
def _closes_of_decade(code: str, decade: int) -> dict[date, datetime]:
    # The library's default range moves with the clock (20 years back, one ahead), so the range is
    # always asked for; ten years take hardly longer to build (0.4 s) than one.
    exchange = _load(code, date(decade * 10, 1, 1), date(decade * 10 + 9, 12, 31))
    if exchange is None:
        return {}
    # A market that never closes ends its session with the day, not with the first moment of the
    # next.
    sessions: list[date] = list(exchange.sessions.date)
    return {
        session: min(close.to_pydatetime().astimezone(UTC), instants.end_of_day(session))
        for session, close in zip(sessions, exchange.closes, strict=True)
    }


def _load(code: str, first: date, last: date) -> ExchangeCalendar | None:
    """The library's calendar for a range, cut to the years that it knows; None where it knows
    nothing.
    """
    from exchange_calendars import get_calendar
    from exchange_calendars.errors import NoSessionsError

    try:
        return get_calendar(code, start=first, end=last)
    except NoSessionsError:
        return None
    except ValueError:  # the range leaves what the library knows of this exchange
        known = get_calendar(code)
    low, high = known.bound_min(), known.bound_max()
    first = first if low is None else max(first, low.date())
    last = last if high is None else min(last, high.date())
    return get_calendar(code, start=first, end=last) if first < last else None


def _full_hour(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def first_moment(step: Step) -> datetime:
    """The first moment of a step, in UTC."""
    return step if isinstance(step, datetime) else datetime.combine(step, time(), UTC)


def _date(step: Step) -> date:
    return step.astimezone(UTC).date() if isinstance(step, datetime) else step
