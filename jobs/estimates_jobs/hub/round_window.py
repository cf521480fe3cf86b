"""When a round takes submissions: from the first moment of a day to the last one of another, in the
hub's zone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from estimates.errors import InvalidError
from estimates_jobs.hub.hub_folder import Round


class Window(NamedTuple):
    """The first and the last day of a round, in a zone."""

    first: date
    last: date
    zone: ZoneInfo

    def is_open(self, now: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.first <= now.astimezone(self.zone).date() <= self.last

    def fault(self, now: datetime) -> str | None:
        """What is wrong with a submission at a moment; None where nothing is."""
        if self.is_open(now):
            return None
        at = now.astimezone(self.zone)
        if at.date() < self.first:
            return f"the round opens on {self.first}, and it is {at:%Y-%m-%d %H:%M} {self.zone}"
        end = datetime.combine(self.last, time(23, 59, 59))
        return f"the round closed on {end} {self.zone}, and it is {at:%Y-%m-%d %H:%M}"


def window_of(of_round: Round, zone: ZoneInfo, reference: str | None = None) -> Window | None:
    """The window of a round; None where the hub sets none.

    reference  the value of the task id that days are counted from; default: the round's name
    Raises InvalidError `bad_time` (days counted from something that is no date).
    """
    due = of_round.due
    if not due or "start" not in due or "end" not in due:
        return None
    if due.get("relative_to") is None:
        first, last = (_day(due[end], "submissions_due") for end in ("start", "end"))
        return Window(first, last, zone)
    origin = _day(reference or of_round.name, str(due["relative_to"]))
    first, last = (origin + timedelta(days=int(due[end])) for end in ("start", "end"))
    return Window(first, last, zone)


def _day(text: object, what: str) -> date:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise InvalidError(
            "bad_time",
            f"{what}: {text!r} is no date, by which the window of a round is found",
            remedy="write it as 2026-11-24",
        ) from None
