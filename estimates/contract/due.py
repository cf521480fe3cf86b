"""When versions are due: a time of day in a zone, on the days of a calendar but for holidays.

Days and times are those of the zone, so that a deadline moves with daylight saving. A time that
does not exist on a day, because clocks go forward over it, is as far after midnight as on other
days; of one that exists twice the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta

from estimates import instants
from estimates.contract.window import SubmissionWindow
from estimates.errors import InvalidError

_DUE = re.compile(r"([01]\d|2[0-3]|24(?=:00)):([0-5]\d) (\S+)")
_EXCHANGE = re.compile(r"[A-Z]{4}")
_DAY = timedelta(days=1)
OTHER_DAYS = ("tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_QUARTERS = (1, 4, 7, 10)  # months
_LONGEST_PAUSE = timedelta(days=800)  # between two days of a calendar, holidays included


def _on_weekday(number: int) -> Callable[[date], bool]:
    return lambda day: day.weekday() == number


def _is_weekday(day: date) -> bool:
    return day.weekday() < 5


DAY_RULES: dict[str, Callable[[date], bool]] = {
    "daily": lambda day: True,
    "weekdays": _is_weekday,
    "monday-to-saturday": lambda day: day.weekday() < 6,
    "weekly": lambda day: day.weekday() == 0,
    **{f"weekly-{name}": _on_weekday(number) for number, name in enumerate(OTHER_DAYS, start=1)},
    "monthly": lambda day: day.day == 1,
    "month-end": lambda day: (day + _DAY).day == 1,
    "quarterly": lambda day: day.day == 1 and day.month in _QUARTERS,
    "quarter-end": lambda day: (day + _DAY).day == 1 and (day + _DAY).month in _QUARTERS,
    "yearly": lambda day: day.day == 1 and day.month == 1,
    "year-end": lambda day: day.day == 31 and day.month == 12,
}


def is_exchange(calendar: str) -> bool:
    """Whether a calendar is named like an exchange, whose days without a session are holidays."""
    return _EXCHANGE.fullmatch(calendar) is not None


class Due:
    """Deadlines of a set.

    text      such as `05:30 Europe/Zurich`; `24:00` is the end of the day
    calendar  one of DAY_RULES, or the code of an exchange, which is `weekdays` without `holidays`
    Raises ValueError for another text, zone or calendar.
    """

    def __init__(self, text: str, calendar: str, holidays: Collection[date]) -> None:
        match = _DUE.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no time of day with a zone, such as 05:30 Europe/Zurich")
        hour, minute, zone = match.groups()
        try:
            instants.check_zone(zone)
        except InvalidError as error:
            raise ValueError(error.message) from None
        if calendar not in DAY_RULES and not is_exchange(calendar):
            allowed = ", ".join(DAY_RULES)
            raise ValueError(
                f"{calendar!r} is no calendar; allowed: {allowed}, or the code of an exchange "
                "such as XSWX"
            )
        from zoneinfo import ZoneInfo  # takes a moment, and few ask

        self._zone = ZoneInfo(zone)
        self._time = time(int(hour) % 24, int(minute))
        self._ends_day = hour == "24"
        self._is_due_on = _is_weekday if is_exchange(calendar) else DAY_RULES[calendar]
        self._holidays = frozenset(holidays)

    def deadlines(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The deadlines in (after, until], in order, in UTC."""
        day = after.astimezone(self._zone).date() - _DAY
        last = until.astimezone(self._zone).date()
        while day <= last:
            if self._is_due_on(day) and day not in self._holidays:
                date_of = day + _DAY if self._ends_day else day
                local = datetime.combine(date_of, self._time, self._zone)
                deadline = local.astimezone(UTC)
                if after < deadline <= until:
                    yield deadline
            day += _DAY

    def next_after(self, moment: datetime) -> datetime | None:
        """The first deadline after a moment; None where holidays leave none for two years."""
        return next(self.deadlines(moment, moment + _LONGEST_PAUSE), None)

    def window_around(self, moment: datetime, length: timedelta) -> SubmissionWindow | None:
        """The window of this length before a deadline that a moment lies in, else the nearest one;
        None where there is no deadline within two years.
        """
        before = list(self.deadlines(moment - _LONGEST_PAUSE, moment))[-1:]
        after = next(
            self.deadlines(moment - timedelta(microseconds=1), moment + _LONGEST_PAUSE), None
        )
        windows = [
            SubmissionWindow(deadline - length, deadline, self._zone)
            for deadline in (*before, *([] if after is None else [after]))
        ]
        return min(windows, key=lambda window: window.outside(moment), default=None)
