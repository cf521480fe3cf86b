"""Rows to Structs and back, and a set's rows to its view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.records import (
    Alias,
    ContractRevision,
    Event,
    Provenance,
    Run,
    Scored,
    Version,
    Waiver,
)
from estimates.catalog.set_view import SetView


def matching(table: sa.Table, **values: object) -> sa.ColumnElement[bool]:
    """The condition that columns have these values."""
    return sa.and_(*(table.c[name] == value for name, value in values.items()))


def of_version(version: Version) -> dict[str, Any]:
    """The columns that say which version a row is about."""
    return {"set": version.set, "version": version.version}


def read_events(tx: sa.Connection, after: int) -> list[Event]:
    """The events after an id, in order."""
    table = schema.events
    rows = tx.execute(_select(Event, table).where(table.c.id > after).order_by(table.c.id)).all()
    return list(_all(Event, rows, "details", msgspec.json.decode))


def read_set(
    tx: sa.Connection, name: str, previous: SetView | None, events: list[Event]
) -> SetView:
    """A set's view brought up to date by its new events.

    Only the contracts, versions and waivers that they name are read.
    """
    old = previous or SetView([], [], [], {})
    changes = {event.kind for event in events}
    contracts, versions, waivers = old.contracts, list(old.versions), old.waivers
    if "defined" in changes:
        table = schema.contracts
        newer = matching(table, set=name) & (table.c.revision > len(contracts))
        rows = tx.execute(sa.select(table).where(newer).order_by(table.c.revision))
        contracts = contracts + [to_contract(row) for row in rows]
    touched = {e.version for e in events if e.kind in ("published", "tracked", "expired")}
    if touched:
        table = schema.versions
        condition = matching(table, set=name)
        if previous is not None:
            condition &= table.c.version.in_(touched)
        rows = tx.execute(_select(Version, table).where(condition).order_by(table.c.version)).all()
        for version in _all(Version, rows, "provenance", msgspec.json.Decoder(Provenance).decode):
            versions[version.version - 1 : version.version] = [version]
    if changes & {"waived", "unwaived"}:
        table = schema.waivers
        standing = matching(table, set=name) & table.c.ended_at.is_(None)
        rows = tx.execute(sa.select(table).where(standing).order_by(table.c.id))
        waivers = [to_waiver(row) for row in rows]
    rows = tx.execute(sa.select(schema.aliases).where(schema.aliases.c.set == name))
    aliases = {row.alias: _fill(Alias, row) for row in rows}
    return SetView(contracts, versions, old.events + events, aliases, waivers, old.decoded)


def to_contract(row: Any) -> ContractRevision:
    """A contract revision from its row."""
    return _fill(ContractRevision, row, body=msgspec.Raw(row.body.encode()))


def to_version(row: Any) -> Version:
    """A version from its row."""
    return _fill(Version, row, provenance=msgspec.json.decode(row.provenance, type=Provenance))


def version_values(version: Version) -> dict[str, Any]:
    """A version as the values of its row."""
    provenance = msgspec.json.encode(version.provenance).decode()
    return msgspec.structs.asdict(version) | {
        "provenance": provenance,
        "run_id": version.provenance.run_id,
    }


def to_run(row: Any) -> Run:
    """A run from its row."""
    return _fill(Run, row)


def to_scored(row: Any) -> Scored:
    """Scores from their row."""
    return _fill(Scored, row, body=msgspec.Raw(row.body.encode()))


def to_waiver(row: Any) -> Waiver:
    """A waiver from its row."""
    return _fill(
        Waiver,
        row,
        keys=None if row.keys is None else msgspec.json.decode(row.keys, type=list[list[str]]),
    )


def waiver_values(waiver: Waiver) -> dict[str, Any]:
    """A waiver as the values of its row."""
    keys = None if waiver.keys is None else msgspec.json.encode(waiver.keys).decode()
    return msgspec.structs.asdict(waiver) | {"keys": keys}


def _select(kind: Any, table: sa.Table) -> Any:
    """The columns of a Struct's fields in their order."""
    return sa.select(*(table.c[name] for name in kind.__struct_fields__))


def _all(kind: Any, rows: Any, decoded: str, decode: Callable[[str], Any]) -> Iterator[Any]:
    """Structs from the rows of `_select`.

    By position: many are made three times as fast as by name.
    """
    at = kind.__struct_fields__.index(decoded)
    return (kind(*row[:at], decode(row[at]), *row[at + 1 :]) for row in rows)


def _fill(kind: Any, row: Any, **decoded: Any) -> Any:
    """A Struct from the columns of its fields' names, with what had to be decoded."""
    return kind(
        **{name: getattr(row, name) for name in kind.__struct_fields__ if name not in decoded},
        **decoded,
    )
