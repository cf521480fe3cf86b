"""Writing a log's entries into an empty catalog, and what follows from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.engine import OnEngine
from estimates.catalog.erasure_writes import erase_from_verdicts
from estimates.catalog.event_chain import NAMES, Entry
from estimates.catalog.records import Erasure, Event
from estimates.catalog.rows import TABLES, cells_of, matching, of_version
from estimates.errors import RefusedError

_KINDS = {name: kind for kind, name in NAMES.items()}
_BATCH = 1000  # entries that are written at once: what they hold is in memory


class Rebuild(OnEngine):
    """One transaction."""

    def write_entries(self, store_id: str, entries: Iterable[Entry]) -> None:
        """Write all entries of a log, from its first event on, into this empty catalog.

        Whatever `entries` raises leaves it empty.
        """
        with self.writing() as tx:
            batch, later, newest = _Batch(), _Later(), None
            for entry in entries:
                batch.add(entry)
                later.note(entry)
                newest = entry
                if batch.entries == _BATCH:
                    batch.write(tx)
                    batch = _Batch()
            batch.write(tx)
            later.write(tx, store_id)
            values: dict[str, Any] = {"store_id": store_id, "chained_later": 0}
            if newest is not None:
                values |= {
                    "last_event": newest.event.id,
                    "last_at": instants.micros(newest.event.at),
                    "head": newest.digest,
                }
            tx.execute(schema.log.update().values(values))


class _Batch:
    """Rows of some entries, a statement for each table: one for each row takes five times as
    long.
    """

    def __init__(self) -> None:
        self.entries = 0
        self._rows: dict[sa.Table, list[dict[str, Any]]] = defaultdict(list)

    def add(self, entry: Entry) -> None:
        """Add an event and its record."""
        self.entries += 1
        digests = entry.record_digests()
        records = msgspec.json.encode(entry.named_digests()).decode()
        named = {"records": records, "digest": entry.digest, "signature": entry.signature}
        self._rows[schema.events].append(cells_of(entry.event) | named)
        for name, content in entry.records.items():
            kind = _kind_of(name, entry.event)
            cells = cells_of(msgspec.json.decode(content, type=kind))
            self._rows[TABLES[kind]].append(cells | {"digest": digests[name]})

    def write(self, tx: sa.Connection) -> None:
        """Insert the rows, those first that others refer to."""
        for table in schema.METADATA.sorted_tables:
            if rows := self._rows.get(table):
                tx.execute(table.insert(), rows)


def _kind_of(name: str, event: Event) -> type[msgspec.Struct]:
    """What an event made; raises RefusedError (`schema_revision`) for what only later releases
    know.
    """
    kind = _KINDS.get(name)
    if kind is None:
        raise RefusedError(
            "schema_revision",
            f"event {event.id} ({event.kind}) made a record ({name}) that this program does not "
            "know",
            remedy="use a newer version of the program",
        )
    return kind


class _Later:
    """What events changed of rows that earlier ones made."""

    def __init__(self) -> None:
        self._aliases: dict[tuple[str, str], Event] = {}
        self._changes: list[tuple[sa.Table, dict[str, Any], dict[str, Any]]] = []
        self._erasures: dict[str, list[Erasure]] = {}  # by set

    def note(self, entry: Entry) -> None:
        """Note what an event changed when it happened."""
        versions, waivers, event = schema.versions, schema.waivers, entry.event
        match event.kind:
            case "erased":
                erasure = entry.record(Erasure)
                self._erasures.setdefault(event.set, []).append(erasure)
            case "promoted" | "rolled_back" if event.alias is not None:
                self._aliases[event.set, event.alias] = event
            case "alias_removed" if event.alias is not None:
                self._aliases.pop((event.set, event.alias), None)
            case "expired":
                self._changes.append((versions, of_version(event), {"expired_at": event.at}))
            case "tracked":
                run = {"mlflow_run": event.details["mlflow_run"]}
                self._changes.append((versions, of_version(event), run))
            case "unwaived":
                waiver = {"id": event.details["waiver"]}
                self._changes.append((waivers, waiver, {"ended_at": event.at}))
            case "hold_released":
                hold = {"id": event.details["hold"]}
                self._changes.append((schema.holds, hold, {"ended_at": event.at}))
            case _:
                pass

    def write(self, tx: sa.Connection, store_id: str) -> None:
        """Change these rows, and put each alias where its last move put it.

        Raises CorruptError (`log_damaged`).
        """
        for erasures in self._erasures.values():
            erase_from_verdicts(tx, store_id, erasures)
        for table, here, values in self._changes:
            tx.execute(table.update().where(matching(table, **here)).values(values))
        for (name, alias), event in self._aliases.items():
            place = {
                "version": event.version,
                "moved_at": event.at,
                "held": event.kind == "rolled_back",
            }
            tx.execute(schema.aliases.insert().values({"set": name, "alias": alias} | place))
