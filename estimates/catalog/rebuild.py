"""Writing a log's entries into an empty catalog, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.engine import OnEngine
from estimates.catalog.event_chain import NAMES, Entry
from estimates.catalog.records import Event
from estimates.catalog.rows import insert, matching, of_event

_KINDS = {name: kind for kind, name in NAMES.items()}


class Rebuild(OnEngine):
    """One transaction."""

    def write_entries(self, store_id: str, entries: Sequence[Entry]) -> None:
        """Write all entries of a log, from its first event on, into this empty catalog."""
        with self.writing() as tx:
            for entry in entries:
                _write(tx, entry)
            newest = entries[-1]
            values = {
                "last_event": newest.event.id,
                "last_at": instants.micros(newest.event.at),
                "head": newest.digest,
                "store_id": store_id,
                "chained_later": 0,
            }
            tx.execute(schema.log.update().values(values))


def _write(tx: sa.Connection, entry: Entry) -> None:
    """Write an event, its record, and what it changes of earlier ones."""
    digests = entry.record_digests()
    records = msgspec.json.encode(digests).decode()
    insert(tx, entry.event, records=records, digest=entry.digest)
    for name, content in entry.records.items():
        insert(tx, msgspec.json.decode(content, type=_KINDS[name]), digest=digests[name])
    _apply(tx, entry.event)


def _apply(tx: sa.Connection, event: Event) -> None:
    """Change the rows that an event changed when it happened."""
    versions, waivers = schema.versions, schema.waivers
    match event.kind:
        case "promoted" | "rolled_back":
            _move(tx, event)
        case "expired":
            here = matching(versions, **of_event(event))
            tx.execute(versions.update().where(here).values(expired_at=event.at))
        case "tracked":
            here = matching(versions, **of_event(event))
            run = event.details["mlflow_run"]
            tx.execute(versions.update().where(here).values(mlflow_run=run))
        case "unwaived":
            here = matching(waivers, id=event.details["waiver"])
            tx.execute(waivers.update().where(here).values(ended_at=event.at))
        case _:
            pass


def _move(tx: sa.Connection, event: Event) -> None:
    aliases, alias = schema.aliases, {"set": event.set, "alias": event.alias}
    place = {
        "version": event.version,
        "moved_at": event.at,
        "held": event.kind == "rolled_back",
    }
    tx.execute(aliases.delete().where(matching(aliases, **alias)))
    tx.execute(aliases.insert().values(alias | place))
