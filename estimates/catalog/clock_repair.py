"""Repairing the log after a clock was wrong: one event, after which times are right again."""

from __future__ import annotations

import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.clock import AGREEMENT, REPAIR, corrections
from estimates.catalog.engine import OnEngine
from estimates.catalog.event_log import append, make_event
from estimates.catalog.records import Event
from estimates.catalog.rows import read
from estimates.errors import InvalidError


class ClockRepair(OnEngine):
    """One transaction."""

    def repair_clock(self, first: int, *, actor: str, reason: str) -> Event:
        """Record that the events from one on have times ahead of the clock: they count as having
        happened just before this event.

        first  the first of them, which a person has to know: so a clock that is behind repairs
               nothing
        Raises InvalidError: `clock_not_ahead` where no event is more than five minutes ahead,
        `not_the_first` where another event is the first one, `bad_text`.
        """
        with self.writing() as tx:
            log = read(tx, Event, sa.true(), schema.events.c.id)
            now, corrected = instants.now(), corrections(log)
            ahead = [e for e in log if corrected.get(e.at, e.at) > now + AGREEMENT]
            if not ahead:
                raise InvalidError(
                    "clock_not_ahead",
                    f"no event is ahead of this machine's clock, {instants.text(now)}: there is "
                    "nothing to repair",
                    remedy="leave the clock as it is",
                )
            if ahead[0].id != first:
                raise InvalidError(
                    "not_the_first",
                    f"by this machine's clock, {instants.text(now)}, the first event that is ahead "
                    f"is event {ahead[0].id} of {instants.text(ahead[0].at)}, not {first}",
                    remedy="name it if that is so, else set this machine's clock",
                )
            details = {"first": first}
            at = instants.from_micros(instants.micros(now))
            event = Event(log[-1].id + 1, at, "", REPAIR, actor, reason=reason, details=details)
            event = make_event(tx, event)
            return append(tx, event)
