from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from estimates.catalog.records import VersionSummary
from estimates_api.desk.timeline import WIDTH, timeline
from estimates_api.http.bodies import EventBody
from tests.builders import START


def version(number: int) -> VersionSummary:
    """A version of its day."""
    fields: dict[str, Any] = dict.fromkeys(VersionSummary.__struct_fields__)
    moment = START + timedelta(days=number)
    fields |= {"version": number, "state": "superseded", "published_at": moment}
    return VersionSummary(**fields)


def move(number: int, at: datetime) -> EventBody:
    """Production moves to a version."""
    fields: dict[str, Any] = dict.fromkeys(set(EventBody.__struct_fields__) - {"claimed"})
    return EventBody(**(fields | {"version": number, "at": at, "kind": "promoted"}))


def test_a_page_of_old_versions_shows_what_was_in_production_then() -> None:
    """Moves after the next version was published are left out; the last time in production goes to
    the edge, and its end is the true one.
    """
    versions = [version(number) for number in (3, 4, 5)]
    moves = [move(n, START + timedelta(days=n, hours=1)) for n in range(1, 20)]
    drawn = timeline(versions, moves, until=version(6).published_at)
    assert drawn is not None
    assert [bar.version for bar in drawn.bars] == [2, 3, 4, 5]
    last = drawn.bars[-1]
    assert last.x + last.width == WIDTH
    assert last.until == START + timedelta(days=6, hours=1)
    newest = timeline(versions, moves[:5])
    assert newest is not None
    assert newest.bars[-1].until is None
