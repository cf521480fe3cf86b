"""Giving a catalog from before the chain its identity, its digests and its chain."""

from __future__ import annotations

import uuid

import msgspec
import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.event_chain import BEGINNING, NAMES, Record, link, record_digest
from estimates.catalog.event_log import place_of
from estimates.catalog.records import Event
from estimates.catalog.rows import TABLES, read_rows


def chain_events(tx: sa.Connection) -> bool:
    """Give the store an id, and chain the events that are there, unless it was done; says whether
    it was done now.

    `log.chained_later` tells up to which event the chain only says what the catalog held when it
    was migrated.
    """
    log = schema.log
    row = tx.execute(sa.select(log)).one()
    if row.store_id is not None:
        return False
    head = BEGINNING
    for event in list(read_rows(tx, Event, sa.true(), schema.events.c.id)):
        records = _digest_record(tx, event)
        head = link(head, event, records)
        values = {"records": msgspec.json.encode(records).decode(), "digest": head}
        tx.execute(schema.events.update().where(schema.events.c.id == event.id).values(values))
    identity = {"store_id": uuid.uuid4().hex, "head": head, "chained_later": row.last_event}
    tx.execute(log.update().values(identity))
    return True


def _digest_record(tx: sa.Connection, event: Event) -> dict[str, str]:
    """Write the digest of an event's record into its row; gives it by name."""
    place = place_of(event)
    if place is None:
        return {}
    kind, condition = place
    records: list[Record] = list(read_rows(tx, kind, condition))
    digests = [record_digest(record) for record in records]
    if not digests:
        return {}  # `verify` names what is missing
    tx.execute(TABLES[kind].update().where(condition).values(digest=digests[0]))
    return {NAMES[kind]: digests[0]}
