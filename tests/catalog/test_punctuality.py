"""Which versions came in time, how late the others, why, and whether the next one will."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from estimates.catalog.punctuality import deadlines_until, next_deadline, punctuality
from estimates.catalog.records import ContractRevision, Event, Provenance, Version
from estimates.catalog.run_record import Run, RunStatus
from estimates.catalog.set_view import SetView
from tests.builders import SET, contract

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def at(day: int, clock: str) -> datetime:
    """A time of day some days after a Monday."""
    hour, minute = map(int, clock.split(":"))
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


class History:
    """A set that is due at 06:00 UTC, event by event."""

    def __init__(self) -> None:
        promise = contract(more='[freshness]\ndue = "06:00 UTC"\n')
        body = msgspec.Raw(msgspec.json.encode(promise))
        defined = ContractRevision(SET, 1, 1, at(-1, "12:00"), "ada", body, "")
        self.view = SetView([defined], [], [], {})
        self.runs: list[Run] = []

    def published(self, when: datetime, *, blocks: bool = False) -> int:
        """A version that was published and judged."""
        number = len(self.view.versions) + 1
        provenance = Provenance(when, f"run {number}")
        self.view.versions.append(Version(SET, number, "s", 1, 1, 1, when, provenance))
        self._event(when, "judged", number, blocks=blocks)
        return number

    def promoted(self, when: datetime, number: int | None = None) -> None:
        """A version that came into production, by default one that was published just then."""
        number = number or self.published(when)
        self._event(when, "promoted", number, alias="production")

    def ran(self, start: datetime, minutes: int | None, status: RunStatus = "promoted") -> None:
        """A run; without minutes it is under way."""
        end = None if minutes is None else start + timedelta(minutes=minutes)
        name = f"run {len(self.runs)}"
        self.runs.append(Run(name, SET, status, "done", start, start, end))

    def _event(self, when: datetime, kind: str, number: int, **more: object) -> None:
        number_of_event = len(self.view.events) + 1
        event = Event(number_of_event, when, SET, kind, "ada", number, **more)  # type: ignore
        self.view.events.append(event)

    def until(self, now: datetime) -> list[tuple[str, float, str | None]]:
        """The deadlines: day and time, how many minutes late, why."""
        return [
            (f"{deadline.at:%d %H:%M}", deadline.late_s / 60, deadline.because)
            for deadline in deadlines_until(self.view, self.runs, now)
        ]


def test_yesterdays_version_is_late_and_not_early() -> None:
    """A version after the deadline serves what passed; today's deadline needs another one."""
    history = History()
    history.promoted(at(0, "05:00"))
    history.promoted(at(1, "06:40"))
    assert history.until(at(2, "07:00")) == [
        ("02 06:00", 0, None),
        ("03 06:00", 40, "late_run"),
        ("04 06:00", 60, "late_run"),
    ]


def test_two_versions_before_a_deadline_serve_it_alone() -> None:
    """A correction on the same morning is not taken for tomorrow's version."""
    history = History()
    history.promoted(at(0, "04:00"))
    history.promoted(at(0, "05:00"))
    assert history.until(at(1, "06:30")) == [("02 06:00", 0, None), ("03 06:00", 30, "late_run")]


def test_why_a_version_was_late() -> None:
    """Refused by the gate, waiting for a person, a run that failed, a run that was late."""
    history = History()
    history.promoted(at(0, "05:00"))
    history.published(at(1, "05:00"), blocks=True)
    waiting = history.published(at(2, "05:00"))
    history.promoted(at(2, "08:00"), waiting)
    history.ran(at(3, "05:00"), 10, "failed")
    history.promoted(at(4, "07:00"))
    reasons = [because for _, _, because in history.until(at(4, "12:00"))]
    assert reasons == [None, "refused", "not_promoted", "failed_run", "late_run"]
    whole = punctuality(deadlines_until(history.view, history.runs, at(4, "12:00")), at(1, "00:00"))
    assert (whole.deadlines, whole.on_time, whole.share) == (4, 0, 0)
    assert whole.worst is not None
    assert (whole.worst.at, whole.worst.late_s) == (at(1, "06:00"), 26 * 3600)


def test_a_warning_comes_before_the_deadline() -> None:
    """From the usual duration: until when a run has to start, and a warning one duration before."""
    history = History()
    history.promoted(at(0, "05:00"))
    for minutes in (20, 20, 30):
        history.ran(at(0, "01:00"), minutes)

    def coming(now: datetime) -> tuple[datetime | None, datetime | None, bool]:
        coming_next = next_deadline(history.view, history.runs, now)
        assert coming_next is not None
        return coming_next.due, coming_next.start_by, coming_next.at_risk

    assert coming(at(0, "05:30"))[0] is None  # met already
    assert coming(at(1, "04:00")) == (at(1, "06:00"), at(1, "05:30"), False)
    assert coming(at(1, "05:00")) == (at(1, "06:00"), at(1, "05:30"), True)
    history.ran(at(1, "05:10"), None, "running")
    assert not coming(at(1, "05:40"))[2]
    late = next_deadline(history.view, history.runs, at(1, "06:10"))
    assert late is not None
    assert late.missed == at(1, "06:00")


def test_a_set_without_production_has_missed_nothing() -> None:
    """Deadlines count from the first version in production on, and from when they were promised."""
    assert History().until(at(3, "12:00")) == []
    history = History()
    history.promoted(at(3, "12:00"))
    assert history.until(at(4, "12:00")) == [("06 06:00", 0, None)]
    assert punctuality([], at(0, "00:00")).share is None
