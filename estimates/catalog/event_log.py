"""The event log: every change of what a reader could see appends one event to it."""

from typing import Any

import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.records import Event, EventKind, Version
from estimates.catalog.rows import insert
from estimates.errors import InvalidError

COUNTER = sa.select(schema.log.c.last_event, schema.log.c.last_at)


def append(tx: sa.Connection, kind: EventKind, set_name: str, actor: str, **fields: Any) -> Event:
    """Append an event with these fields of `Event`.

    It takes the next id, and a time after every earlier event's even if the clock went back.
    Raises InvalidError (`bad_text`).
    """
    last_event, last_at = tx.execute(COUNTER).one()
    at = max(instants.micros(instants.now()), last_at + 1)
    event = Event(last_event + 1, instants.from_micros(at), set_name, kind, actor, **fields)
    check_text(actor=actor, reason=event.reason)
    tx.execute(schema.log.update().values(last_event=event.id, last_at=at))
    insert(tx, event)
    return event


def append_about(
    tx: sa.Connection, kind: EventKind, version: Version, actor: str, **fields: Any
) -> Event:
    """Append an event about a version; raises InvalidError (`bad_text`)."""
    return append(tx, kind, version.set, actor, version=version.version, **fields)


def check_text(**texts: str | None) -> None:
    """Refuse text that a database or a file cannot hold: raises InvalidError (`bad_text`)."""
    for name, text in texts.items():
        if text is not None and (
            "\0" in text or (not text.isascii() and text != text.encode("utf-8", "ignore").decode())
        ):
            raise InvalidError("bad_text", f"{name} has a NUL or half a character: {text!r}")
