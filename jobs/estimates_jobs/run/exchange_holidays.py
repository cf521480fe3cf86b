"""The days on which an exchange has no session, written into a contract when it is defined.

So whoever reads the contract later, such as the service, needs no calendar, and a newer calendar
changes nothing that was promised.
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from estimates import instants
from estimates.contract.contract import Contract
from estimates.contract.due import is_exchange
from estimates.errors import InvalidError
from estimates_jobs.run.calendars import calendar_of, first_moment

_YEARS_AHEAD = 1


def with_holidays(contract: Contract) -> Contract:
    """The contract, where versions are due on the sessions of an exchange and it lists no holidays
    with those of this and the next year, as far as they are known.

    Raises InvalidError (`unknown_calendar`; `bad_contract` for sessions on Saturdays or Sundays).
    """
    promise = contract.freshness
    if promise.due is None or not is_exchange(promise.calendar) or promise.holidays:
        return contract
    year = instants.now().year
    holidays = closed_weekdays(promise.calendar, year, year + _YEARS_AHEAD)
    freshness = msgspec.structs.replace(promise, holidays=holidays)
    return msgspec.structs.replace(contract, freshness=freshness)


def closed_weekdays(code: str, first_year: int, last_year: int) -> tuple[date, ...]:
    """The weekdays of these years on which an exchange has no session, up to the last session that
    its calendar knows.

    Raises InvalidError (`unknown_calendar`, `bad_contract`), as `with_holidays` does.
    """
    first, last = date(first_year, 1, 1), date(last_year, 12, 31)
    sessions = [first_moment(day).date() for day in calendar_of(code).steps(first, last)]
    if any(day.weekday() > 4 for day in sessions):
        raise InvalidError(
            "bad_contract",
            f"freshness.calendar: {code} has sessions on Saturdays or Sundays",
            remedy='write calendar = "daily" and list the days without one as holidays',
        )
    known = set(sessions)
    days = (first + timedelta(days=n) for n in range((sessions[-1] - first).days + 1))
    return tuple(day for day in days if day.weekday() < 5 and day not in known)
