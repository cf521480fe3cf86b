"""Copies of what the catalog committed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from estimates.catalog.records import Event
from estimates.catalog.set_view import SetView
from estimates.storage import copies
from estimates.storage.objects import Objects

START = datetime(2026, 11, 24, tzinfo=UTC)
EVENTS = [Event(n, START, "s", "judged", "a", version=1, blocks=False) for n in (1, 2, 3)]


def body_of(event: Event) -> bytes:
    """A verdict that names its event."""
    return msgspec.json.encode({"event": event.id})


def complete(objects: Objects, *, everything: bool = False) -> None:
    """Write the copies of the three events."""
    copies.complete(objects, "s", SetView([], [], EVENTS, {}), body_of, everything=everything)


def test_each_event_has_a_copy_with_what_it_announced(tmp_path: Path) -> None:
    """The event and its verdict, in a file named by the event."""
    objects = Objects(str(tmp_path))
    complete(objects)
    names = objects.names("sets/s/events")
    assert names == [f"sets/s/events/{n:012d}.json" for n in (1, 2, 3)]
    assert msgspec.json.decode(objects.get(names[1]))["verdict"] == {"event": 2}


def test_the_newest_that_are_missing_are_completed(tmp_path: Path) -> None:
    """After a crash the newest copies are missing, and the next time writes them."""
    objects = Objects(str(tmp_path))
    complete(objects)
    names = objects.names("sets/s/events")
    for name in names[1:]:
        objects.delete(name)
    complete(objects)
    assert objects.names("sets/s/events") == names


def test_everything_also_mends_older_ones(tmp_path: Path) -> None:
    """A copy that is lost or altered below the newest one is written again only on demand."""
    objects = Objects(str(tmp_path))
    complete(objects)
    name = objects.names("sets/s/events")[0]
    original = objects.get(name)
    objects.put(name, b"altered")
    complete(objects)
    assert objects.get(name) == b"altered"
    complete(objects, everything=True)
    assert objects.get(name) == original
