"""When a round takes submissions: from the first moment of a day to the last one of another, in the
hub's zone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from estimates.contract.window import SubmissionWindow
from estimates.errors import InvalidError
from estimates_jobs.hub.hub_folder import Round


def window_of(
    of_round: Round, zone: ZoneInfo, reference: str | None = None
) -> SubmissionWindow | None:
    """The window of a round; None where the hub sets none.

    reference  the value of the task id that days are counted from; default: the round's name
    Raises InvalidError `bad_time` (days counted from something that is no date).
    """
    due = of_round.due
    if not due or "start" not in due or "end" not in due:
        return None
    if due.get("relative_to") is None:
        first, last = (_day(due[end], "submissions_due") for end in ("start", "end"))
        return _whole_days(first, last, zone)
    origin = _day(reference or of_round.name, str(due["relative_to"]))
    first, last = (origin + timedelta(days=int(due[end])) for end in ("start", "end"))
    return _whole_days(first, last, zone)


def _whole_days(first: date, last: date, zone: ZoneInfo) -> SubmissionWindow:
    opens, closes = datetime.combine(first, time.min), datetime.combine(last, time.max)
    return SubmissionWindow(opens.replace(tzinfo=zone), closes.replace(tzinfo=zone), zone)


def _day(text: object, what: str) -> date:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise InvalidError(
            "bad_time",
            f"{what}: {text!r} is no date, by which the window of a round is found",
            remedy="write it as 2026-11-24",
        ) from None
