"""Rows to Structs and back, and a set's rows to its view.

A table has a column for each field of its Struct; fields that are no plain values are JSON there.
"""

from typing import Any, TypeVar

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

T = TypeVar("T", bound=msgspec.Struct)
_TABLES: dict[type[msgspec.Struct], sa.Table] = {
    Alias: schema.aliases,
    ContractRevision: schema.contracts,
    Event: schema.events,
    Run: schema.runs,
    Scored: schema.scores,
    Version: schema.versions,
    Waiver: schema.waivers,
}
_JSON: dict[str, Any] = {
    "body": msgspec.Raw,
    "details": dict[str, Any],
    "keys": list[list[str]],
    "provenance": Provenance,
}
_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in _JSON.items()}


def matching(table: sa.Table, **values: object) -> sa.ColumnElement[bool]:
    """The condition that columns have these values."""
    return sa.and_(*(table.c[name] == value for name, value in values.items()))


def of_version(version: Version) -> dict[str, Any]:
    """The columns that say which version a row is about."""
    return {"set": version.set, "version": version.version}


def read(tx: sa.Connection, kind: type[T], condition: Any, *order: Any) -> list[T]:
    """The Structs of the rows that fulfil a condition, in the order of these columns."""
    names, table = kind.__struct_fields__, _TABLES[kind]
    encoded = [(i, _DECODERS[name]) for i, name in enumerate(names) if name in _JSON]
    query = sa.select(*(table.c[name] for name in names)).where(condition).order_by(*order)
    structs: list[T] = []
    for row in tx.execute(query).all():
        cells = list(row)
        for i, decoder in encoded:
            cells[i] = None if cells[i] is None else decoder.decode(cells[i])
        structs.append(kind(*cells))  # by position: three times as fast as by name
    return structs


def insert(tx: sa.Connection, struct: msgspec.Struct, **more: object) -> None:
    """Insert the row of a Struct; `more` are columns that it has no field for."""
    cells = msgspec.structs.asdict(struct)
    for name in cells.keys() & _JSON.keys():
        if cells[name] is not None:
            cells[name] = msgspec.json.encode(cells[name]).decode()
    tx.execute(_TABLES[type(struct)].insert().values(cells | more))


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
        contracts = contracts + read(tx, ContractRevision, newer, table.c.revision)
    touched = {e.version for e in events if e.kind in ("published", "tracked", "expired")}
    if touched:
        table = schema.versions
        condition = matching(table, set=name)
        if previous is not None:
            condition &= table.c.version.in_(touched)
        for version in read(tx, Version, condition, table.c.version):
            versions[version.version - 1 : version.version] = [version]
    if changes & {"waived", "unwaived"}:
        table = schema.waivers
        standing = matching(table, set=name) & table.c.ended_at.is_(None)
        waivers = read(tx, Waiver, standing, table.c.id)
    aliases = {row.alias: row for row in read(tx, Alias, schema.aliases.c.set == name)}
    return SetView(contracts, versions, old.events + events, aliases, waivers, old.decoded)
