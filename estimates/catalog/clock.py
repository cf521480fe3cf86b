"""Clocks: whether this machine's can be believed, and what the times of events are after one was
wrong. No SQL here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from estimates import instants
from estimates.catalog.records import Event
from estimates.errors import RefusedError

AGREEMENT = timedelta(minutes=5)  # how far two clocks may be apart
LONGEST_PAUSE = timedelta(days=30)  # without a second clock: how long a log may have rested
TICK = timedelta(microseconds=1)
REPAIR = "clock_repaired"


def check_agreement(other: datetime, whose: str) -> None:
    """Raises RefusedError (`clock_differs`) where another clock says something else than this
    machine's.
    """
    now = instants.now()
    if abs(now - other) > AGREEMENT:
        raise RefusedError(
            "clock_differs",
            f"this machine's clock says {instants.text(now)} and that of {whose} "
            f"{instants.text(other)}: nothing is written",
            remedy="set the clock that is wrong",
        )


def check_pause(last_at: datetime) -> None:
    """Raises RefusedError (`clock_jump`) where the last event lies so long ago that the clock,
    which no other confirms, may be wrong.
    """
    now = instants.now()
    if now - last_at > LONGEST_PAUSE:
        raise RefusedError(
            "clock_jump",
            f"this machine's clock says {instants.text(now)}, {(now - last_at).days} days after "
            "the last event, and there is no second clock to compare it with: nothing is written",
            remedy=(
                "set the clock, or say that it is right with --clock-is-right "
                "(in Python Store(…, clock_is_right=True))"
            ),
        )


def corrections(events: Iterable[Event]) -> dict[datetime, datetime]:
    """The times that repairs of the clock changed: for each recorded one the time that counts.

    events  all of a log, in order, with their times as recorded
    An event happened at the least of its recorded time and, for each later repair, the repair's
    recorded time less a microsecond for each event from it on to the repair. So times strictly
    increase, and no event counts as earlier than it surely was known.
    """
    log = list(events)
    if not any(event.kind == REPAIR for event in log):
        return {}
    corrected: dict[datetime, datetime] = {}
    latest: datetime | None = None  # what the next event's time, less a microsecond, cannot exceed
    for event in reversed(log):
        if latest is not None:
            latest -= TICK
        if latest is not None and latest < event.at:
            corrected[event.at] = latest
        if event.kind == REPAIR and (latest is None or event.at < latest):
            latest = event.at
    return corrected
