"""Auditing a catalog: its chain, link by link, and every row that follows from it.

Each row is read on its own where its neighbours cannot be, so that one damaged row hides no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.agreement import changes_of, misplaced_aliases
from estimates.catalog.clock import REPAIR
from estimates.catalog.event_chain import BEGINNING, NAMES, link, record_digest
from estimates.catalog.event_log import place_of
from estimates.catalog.law import UNAUTHORISED, UNCHECKED, Law, is_record
from estimates.catalog.records import Alias, Erasure, Event, Judged, Version
from estimates.catalog.rows import (
    TABLES,
    UNREADABLE,
    derived_columns,
    matching,
    read_rows,
)
from estimates.catalog.seal import Link
from estimates.errors import CorruptError
from estimates.extras import install
from estimates.principals.private_key import EXTRA

_UNREADABLE = (*UNREADABLE, DatabaseError)


class Fault(msgspec.Struct, frozen=True):
    """Something that is wrong; `set` is empty for what belongs to none, `version` None."""

    set: str
    version: int | None
    code: str
    message: str


def lost_tables(tx: sa.Connection) -> Iterator[Fault]:
    """A fault `catalog_damaged` for each table that is not there."""
    present = set(sa.inspect(tx).get_table_names())
    for name in sorted(set(schema.METADATA.tables) - present):
        what = "rebuild the catalog with `estimates recover`, or bring a backup of it back"
        yield Fault("", None, "catalog_damaged", f"the catalog has no table {name}: {what}")


def audit_chain(tx: sa.Connection) -> Iterator[Fault]:
    """Walk the chain from its first event: faults `event_missing`, `event_damaged`,
    `chain_broken`, `record_missing`, `record_damaged`, `log_damaged`.

    A link that does not hold is reported, and the walk goes on from the digest that stands there.
    """
    table, log = schema.events, schema.log.c
    head = tx.execute(sa.select(log.last_event, log.last_at, log.head)).one()
    previous, expected, last_at = BEGINNING, 1, 0
    left = _left_of_verdicts(tx)
    for event_id in tx.execute(sa.select(table.c.id).order_by(table.c.id)).scalars().all():
        if event_id != expected:
            yield Fault("", None, "event_missing", f"the log has no event {expected}")
        expected = event_id + 1
        try:
            digests: list[str] = []
            (event,) = read_rows(tx, Event, table.c.id == event_id, digests=digests)
            records = tx.execute(sa.select(table.c.records).where(table.c.id == event_id)).scalar()
            named = msgspec.json.decode(records or "{}", type=dict[str, str])
            holds = link(previous, event, named) == digests[0]
            at = instants.micros(event.at)
        except _UNREADABLE as error:
            _check_of_row(tx, error)
            yield Fault("", None, "event_damaged", f"event {event_id} cannot be read: {error}")
            continue
        if not holds:
            message = f"event {event_id} ({event.kind}) is not what the chain says"
            yield Fault(event.set, event.version, "chain_broken", message)
        if at <= last_at and event.kind != REPAIR:
            message = f"event {event_id} is not later than the one before"
            yield Fault(event.set, event.version, "event_damaged", message)
        if str(event.id) in left:
            named = {NAMES[Judged]: left[str(event.id)]}
        yield from _record_faults(tx, event, named)
        previous, last_at = digests[0], at
    if (head.last_event, head.last_at, head.head) != (expected - 1, last_at, previous):
        message = f"the log should end with event {head.last_event}, it ends with {expected - 1}"
        if head.last_event == expected - 1:
            message = f"event {expected - 1}, the last, has another time or digest than recorded"
        yield Fault("", None, "log_damaged", message)


def _left_of_verdicts(tx: sa.Connection) -> dict[str, str]:
    """What erasures left of verdicts: the digests, by the events of these."""
    return {
        event: digest
        for erasure in _readable(tx, Erasure)
        for event, digest in erasure.verdicts.items()
    }


def _record_faults(tx: sa.Connection, event: Event, named: dict[str, str]) -> Iterator[Fault]:
    """Compare what an event made with the digest that the event names."""
    place = place_of(event)
    if place is None:
        return
    kind, condition = place
    what = f"the {NAMES[kind]} of event {event.id}"
    try:
        digests: list[str] = []
        records = list(read_rows(tx, kind, condition, digests=digests))
        if not records:
            yield Fault(event.set, event.version, "record_missing", f"{what} is missing")
            return
        expected = named.get(NAMES[kind])
        same = record_digest(records[0]) == expected == digests[0]
        for column, value in derived_columns(records[0]).items():
            stored = tx.execute(sa.select(TABLES[kind].c[column]).where(condition)).scalar()
            same = same and (column == "tracked" or stored == value)
    except _UNREADABLE as error:
        _check_of_row(tx, error)
        message = f"{what} cannot be read: {error}"
        yield Fault(event.set, event.version, "record_damaged", message)
        return
    if not same:
        message = f"{what} is not what the event recorded"
        yield Fault(event.set, event.version, "record_damaged", message)


def audit_rows(tx: sa.Connection) -> Iterator[Fault]:
    """Compare what later events changed with these events: faults `alias_damaged`,
    `record_damaged`, and `record_unknown` for a row that no event made.
    """
    try:
        events = list(read_rows(tx, Event, sa.true(), schema.events.c.id))
    except _UNREADABLE as error:
        _check_of_row(tx, error)
        return  # `audit_chain` names the row
    yield from _alias_faults(tx, events)
    changes = changes_of(events)
    for version in _readable(tx, Version):
        if not changes.agree(version):
            message = f"version {version.version} has another end or MLflow run than its events say"
            yield Fault(version.set, version.version, "record_damaged", message)
    for table, what in ((schema.waivers, "waiver"), (schema.holds, "legal hold")):
        for row, name, end in tx.execute(sa.select(table.c.id, table.c.set, table.c.ended_at)):
            if end != changes.ended.get(row):
                message = f"{what} {row} has another end than its events say"
                yield Fault(name, None, "record_damaged", message)
    yield from _unknown_rows(tx, events)


def audit_law(tx: sa.Connection, root: str | None) -> Iterator[Fault]:
    """Compare each event with the access record in force: faults `unauthorised_move`,
    `no_access_record`, `signatures_unchecked`, and `event_damaged` for a signature that none was
    in force to want.
    """
    columns = (schema.events.c.digest, schema.events.c.signature)
    links: list[Link] = []
    for event in _readable(tx, Event):
        row = tx.execute(sa.select(*columns).where(schema.events.c.id == event.id)).one()
        links.append(Link(event, *row))
    law = Law().follow(links, tx.execute(sa.select(schema.log.c.store_id)).scalar_one())
    yield from law_faults(law)
    for event, _, signature in takewhile(lambda each: not is_record(each.event), links):
        if signature is not None:
            message = f"event {event.id} has a signature, and no access record was in force"
            yield Fault(event.set, event.version, "event_damaged", message)
    try:
        law.check(root)
    except CorruptError as error:
        yield Fault("", None, error.code, error.message)


def law_faults(law: Law) -> Iterator[Fault]:
    """What was done against the access record, and whether signatures could not be checked here:
    faults `unauthorised_move`, `signatures_unchecked`.
    """
    for each in law.unlawful:
        yield Fault(each.set, each.version, UNAUTHORISED, each.text())
    if law.unchecked:
        yield Fault("", None, UNCHECKED, f"signatures are not checked here: {install(EXTRA)}")


def _alias_faults(tx: sa.Connection, events: list[Event]) -> Iterator[Fault]:
    """Compare each alias with its last move."""
    for (name, alias), move in misplaced_aliases(events, _readable(tx, Alias)):
        message = f"the alias {alias} is not where its last move put it"
        yield Fault(name, None if move is None else move.version, "alias_damaged", message)


def _unknown_rows(tx: sa.Connection, events: list[Event]) -> Iterator[Fault]:
    """Name tables that hold more rows than events made."""
    made: list[Any] = [place[0] for event in events if (place := place_of(event)) is not None]
    for kind, name in NAMES.items():
        count = tx.execute(sa.select(sa.func.count()).select_from(TABLES[kind])).scalar_one()
        if count > made.count(kind):
            message = f"{count - made.count(kind)} rows hold a {name} that no event made"
            yield Fault("", None, "record_unknown", message)


def _readable(tx: sa.Connection, kind: type[Any]) -> Iterator[Any]:
    """The rows of a table that can be read, one by one."""
    table = TABLES[kind]
    keys = list(table.primary_key.columns)
    for row in tx.execute(sa.select(*keys).order_by(*keys)).all():
        try:
            here = matching(table, **dict(zip((key.name for key in keys), row, strict=True)))
            yield from list(read_rows(tx, kind, here))
        except _UNREADABLE as error:
            _check_of_row(tx, error)


def _check_of_row(tx: sa.Connection, error: Exception) -> None:
    """Raises an error again that says nothing of a row: PostgreSQL's, which end the transaction."""
    if isinstance(error, DatabaseError) and tx.dialect.name != "sqlite":
        raise error
