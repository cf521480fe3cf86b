"""Which versions came in time, how late the others, why, and whether the next one will.

A delivery is the first move of production to a version. One that comes while deadlines have passed
unmet serves all of these, late; any other serves the next deadline. So yesterday's version that
comes this morning is late for yesterday, and not early for today.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from estimates.catalog.ref import PRODUCTION
from estimates.catalog.run_record import Run
from estimates.catalog.set_view import SetView
from estimates.contract.due import Due

Lateness = Literal["late_run", "failed_run", "refused", "not_promoted"]
_RECENT = 20  # runs from which the usual duration is taken
_TROUBLE = ("failed", "rejected")


class Deadline(msgspec.Struct, frozen=True):
    """A moment until which a version had to be in production.

    met_at   when it was, None while it is not; version: which one
    late_s   how late it came, up to now while it did not; 0 where it came in time
    because  why it was late: `late_run` (no run ended in time), `failed_run`, `refused` by the
             gate, `not_promoted` (it passed and waited for a person); None where it came in time
    """

    at: datetime
    met_at: datetime | None
    version: int | None
    late_s: float
    because: Lateness | None


class Punctuality(msgspec.Struct, frozen=True):
    """How many deadlines of a time were met.

    share     of those met in time; None where there were none
    worst     the latest of the late ones
    late      those that were not met in time, oldest first
    """

    since: datetime
    deadlines: int
    on_time: int
    share: float | None
    worst: Deadline | None
    late: list[Deadline]


class NextDeadline(msgspec.Struct, frozen=True):
    """The deadline that a version has to meet next.

    missed   the oldest deadline that passed and is not met yet; None where none is
    due      the next one that lies ahead and is not met; None where it is met already
    usual_s  what nine of ten of the last runs took at most; None without runs that ended well
    start_by due − usual_s: the last moment at which a run still makes it
    at_risk  whether too little time is left: a run that starts within its usual duration from now
             may not make it, and none that is under way will
    """

    missed: datetime | None
    due: datetime | None
    usual_s: float | None
    start_by: datetime | None
    at_risk: bool


def promised_since(view: SetView) -> datetime | None:
    """Since when the set has deadlines and a version in production; None where it has not."""
    since: datetime | None = None
    for revision in view.contracts:
        if view.revision(revision.revision).freshness.due is None:
            since = None
        elif since is None:
            since = revision.defined_at
    moves = view.moves.get(PRODUCTION)
    return None if since is None or not moves else max(since, moves[0][0])


def deadlines_until(view: SetView, runs: Sequence[Run], now: datetime) -> list[Deadline]:
    """All deadlines that passed since they were promised, oldest first.

    runs  of the set, in any order; without them a failed run counts as a late one
    """
    due, since = view.contract.freshness.deadlines, promised_since(view)
    if due is None or since is None:
        return []
    served = _served(view, due, since, now)
    deadlines: list[Deadline] = []
    before = since
    for at in due.deadlines(since, now):
        met_at, version = served.get(at, (None, None))
        late_s = max(0.0, ((met_at or now) - at).total_seconds())
        because = _why_late(view, runs, before, at) if late_s else None
        deadlines.append(Deadline(at, met_at, version, late_s, because))
        before = at
    return deadlines


def punctuality(deadlines: Sequence[Deadline], since: datetime) -> Punctuality:
    """How many of the deadlines from a moment on were met in time."""
    counted = [deadline for deadline in deadlines if deadline.at >= since]
    late = [deadline for deadline in counted if deadline.late_s]
    on_time = len(counted) - len(late)
    return Punctuality(
        since,
        len(counted),
        on_time,
        on_time / len(counted) if counted else None,
        max(late, key=lambda deadline: deadline.late_s, default=None),
        late,
    )


def next_deadline(view: SetView, runs: Sequence[Run], now: datetime) -> NextDeadline | None:
    """The deadline to meet next; None for a set without deadlines."""
    due = view.contract.freshness.deadlines
    if due is None or view.retirement is not None:
        return None
    since = promised_since(view)
    ahead = due.next_after(now)
    missed = None
    if since is not None:
        served = _served(view, due, since, now)
        unmet = [at for at in due.deadlines(since, now) if at not in served]
        missed = unmet[0] if unmet else None
        if ahead in served:
            ahead = None
    usual = _usual(runs)
    start_by = None if ahead is None or usual is None else ahead - usual
    at_risk = False
    if ahead is not None and usual is not None and start_by is not None and now + usual >= start_by:
        underway = [run.started_at for run in runs if run.status == "running"]
        at_risk = not any(started + usual <= ahead for started in underway)
    usual_s = None if usual is None else usual.total_seconds()
    return NextDeadline(missed, ahead, usual_s, start_by, at_risk)


def _served(
    view: SetView, due: Due, since: datetime, now: datetime
) -> dict[datetime, tuple[datetime, int]]:
    """The deadlines that were met, also late or ahead of time: when, and by which version."""
    pending = list(due.deadlines(since, now))
    served: dict[datetime, tuple[datetime, int]] = {}
    for at, version in _deliveries(view):
        unmet = [deadline for deadline in pending if deadline <= at]
        pending = [deadline for deadline in pending if deadline > at]
        if unmet:
            served |= dict.fromkeys(unmet, (at, version))
            continue
        coming = due.next_after(at)
        if coming is not None and at >= since:
            served.setdefault(coming, (at, version))
            pending = [deadline for deadline in pending if deadline != coming]
    return served


def _deliveries(view: SetView) -> list[tuple[datetime, int]]:
    """When production pointed to each version for the first time, in order."""
    first: dict[int, datetime] = {}
    for at, version in view.moves.get(PRODUCTION, []):
        if version is not None:
            first.setdefault(version, at)
    return [(at, version) for version, at in first.items()]


def _why_late(view: SetView, runs: Sequence[Run], after: datetime, at: datetime) -> Lateness:
    """What had come of the version for a deadline when it passed."""
    delivered = {version for when, version in _deliveries(view) if when <= at}
    published = [v.version for v in view.versions if after < v.published_at <= at]
    if published and published[-1] not in delivered:
        judged = [
            event.blocks
            for event in view.events
            if event.kind == "judged" and event.version == published[-1] and event.at <= at
        ]
        return "refused" if judged and judged[-1] else "not_promoted"
    tried = [run for run in runs if after < run.started_at <= at]
    last = max(tried, key=lambda run: run.started_at, default=None)
    return "failed_run" if last is not None and last.status in _TROUBLE else "late_run"


def _usual(runs: Sequence[Run]) -> timedelta | None:
    """What nine of ten of the last runs that ended well took at most."""
    well = [run for run in runs if run.finished_at is not None and run.status not in _TROUBLE]
    newest = sorted(well, key=lambda run: run.started_at)[-_RECENT:]
    took = sorted(run.finished_at - run.started_at for run in newest if run.finished_at)
    return took[-(-len(took) * 9 // 10) - 1] if took else None
