"""Copies of what the catalog committed, as files beside the snapshots, so that a lost catalog can
be rebuilt.

sets/{set}/contracts/{revision}.json   sets/{set}/versions/{version}.json
                                       sets/{set}/events/{id}.json
Written after the commit, in the order of the events, and never read otherwise: a crash leaves the
newest ones missing, and the next publish or verify completes them.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from estimates.catalog.records import Event
from estimates.catalog.set_view import SetView
from estimates.errors import NotFoundError
from estimates.storage.objects import Objects

# What some events announce, by their kind.
_BODIES = {"judged": "verdict", "waived": "waiver", "scored": "scores"}
BodyOf = Callable[[Event], bytes]


def complete(
    objects: Objects, name: str, view: SetView, body_of: BodyOf, *, everything: bool = False
) -> None:
    """Write the copies of the events that have none yet; `everything` compares all of them, not
    only the newest.
    """
    missing: list[Event] = []
    for event in reversed(view.events):
        if not everything and objects.exists(_event_name(name, event)):
            break
        missing.append(event)
    for event in reversed(missing):
        for path, content in _files(name, view, event, body_of):
            _put(objects, path, msgspec.json.encode(content))


def _put(objects: Objects, path: str, content: bytes) -> None:
    """Write a copy unless it is there as it should be."""
    try:
        if objects.get(path) == content:
            return
    except NotFoundError:
        pass
    objects.put(path, content)


def _files(name: str, view: SetView, event: Event, body_of: BodyOf) -> list[tuple[str, Any]]:
    """What an event's copy consists of; the event's own file comes last."""
    files: list[tuple[str, Any]] = []
    record: dict[str, Any] = {"event": event}
    if event.kind == "defined":
        contract = view.contracts[event.details["revision"] - 1]
        files.append((f"sets/{name}/contracts/{contract.revision:06d}.json", contract))
    if event.kind in ("published", "tracked", "expired") and event.version is not None:
        files.append(
            (f"sets/{name}/versions/{event.version:06d}.json", view.versions[event.version - 1])
        )
    if event.kind in _BODIES:
        record[_BODIES[event.kind]] = msgspec.Raw(body_of(event))
    return [*files, (_event_name(name, event), record)]


def _event_name(name: str, event: Event) -> str:
    return f"sets/{name}/events/{event.id:012d}.json"
