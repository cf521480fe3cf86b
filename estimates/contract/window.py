"""From when until when something is taken: the rounds of a hub, the versions of a set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class SubmissionWindow(NamedTuple):
    """The first and the last moment, and the zone by whose clocks they are told."""

    opens: datetime
    closes: datetime
    zone: ZoneInfo

    def is_open(self, now: datetime) -> bool:
        """Whether a moment lies in it, its ends included."""
        return self.opens.astimezone(UTC) <= now.astimezone(UTC) <= self.closes.astimezone(UTC)

    def outside(self, moment: datetime) -> timedelta:
        """How far a moment lies before or after it; 0 inside."""
        at = moment.astimezone(UTC)
        early, late = self.opens.astimezone(UTC) - at, at - self.closes.astimezone(UTC)
        return max(early, late, timedelta())

    def fault(self, now: datetime) -> str | None:
        """What is wrong with a moment, after the name of what is taken; None where nothing is."""
        if self.is_open(now):
            return None
        at = f"it is {now.astimezone(self.zone):%Y-%m-%d %H:%M}"
        if now.astimezone(UTC) < self.opens.astimezone(UTC):
            return (
                f"opens on {self.opens.astimezone(self.zone):%Y-%m-%d %H:%M} {self.zone}, and {at}"
            )
        return (
            f"closed on {self.closes.astimezone(self.zone):%Y-%m-%d %H:%M:%S} {self.zone}, and {at}"
        )
