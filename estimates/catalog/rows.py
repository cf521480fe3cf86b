"""Rows to Structs and back, and a set's rows to its view.

A table has a column for each field of its Struct; fields that are no plain values are JSON there.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.agreement import check_set
from estimates.catalog.database_errors import REBUILD
from estimates.catalog.event_chain import NAMES, record_digest
from estimates.catalog.records import (
    Alias,
    ContractRevision,
    ErasedPart,
    Erasure,
    Event,
    Judged,
    LegalHold,
    Provenance,
    Scored,
    Version,
    Waiver,
)
from estimates.catalog.run_record import Run
from estimates.catalog.set_view import SetView
from estimates.contract.contract import Contract
from estimates.errors import CorruptError

T = TypeVar("T", bound=msgspec.Struct)
TABLES: dict[type[msgspec.Struct], sa.Table] = {
    Alias: schema.aliases,
    ContractRevision: schema.contracts,
    Erasure: schema.erasures,
    Event: schema.events,
    Judged: schema.verdicts,
    LegalHold: schema.holds,
    Run: schema.runs,
    Scored: schema.scores,
    Version: schema.versions,
    Waiver: schema.waivers,
}
# What damaged cells raise when they are made into a Struct.
UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, OverflowError)
_JSON: dict[str, Any] = {
    "body": msgspec.Raw,
    "details": dict[str, Any],
    "key_digests": list[str],
    "keys": list[list[str]],
    "pins": dict[str, str],
    "provenance": Provenance,
    "replaced": list[ErasedPart],
    "verdicts": dict[str, str],
}
_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in _JSON.items()}


def matching(table: sa.Table, **values: object) -> sa.ColumnElement[bool]:
    """The condition that columns have these values."""
    return sa.and_(*(table.c[name] == value for name, value in values.items()))


def of_version(version: Version | Event) -> dict[str, Any]:
    """The columns that say which version a row is about, given that or an event about it."""
    return {"set": version.set, "version": version.version}


def read(
    tx: sa.Connection, kind: type[T], condition: Any, *order: Any, limit: int | None = None
) -> list[T]:
    """The Structs of the rows that fulfil a condition, in the order of these columns.

    Raises CorruptError (`record_damaged`) for a row that is not what its event made.
    """
    digests: list[str] | None = [] if kind in NAMES else None
    try:
        structs = list(read_rows(tx, kind, condition, *order, digests=digests, limit=limit))
    except UNREADABLE as error:
        raise CorruptError(
            "record_damaged",
            f"the catalog has a row among its {TABLES[kind].name} that cannot be read: {error}",
            remedy="see `estimates verify`",
        ) from error
    for struct, digest in zip(structs, digests or (), strict=False):
        if record_digest(struct) != digest:
            raise damaged_record(struct)
    return structs


def read_rows(
    tx: sa.Connection,
    kind: type[T],
    condition: Any,
    *order: Any,
    digests: list[str] | None = None,
    limit: int | None = None,
) -> Iterator[T]:
    """The same one by one and unchecked; the digests that the rows name are appended."""
    names, table = kind.__struct_fields__, TABLES[kind]
    encoded = [(i, _DECODERS[name]) for i, name in enumerate(names) if name in _JSON]
    columns = [table.c[name] for name in names]
    if digests is not None:
        columns.append(table.c.digest)
    query = sa.select(*columns).where(condition).order_by(*order).limit(limit)
    for row in tx.execute(query):
        cells = list(row)
        if digests is not None:
            digests.append(cells.pop())
        for i, decoder in encoded:
            cells[i] = None if cells[i] is None else decoder.decode(cells[i])
        yield kind(*cells)  # by position: three times as fast as by name


def damaged_record(record: msgspec.Struct) -> CorruptError:
    """The error for a row that is not what its event made."""
    about = msgspec.structs.asdict(record)
    what = NAMES[type(record)]
    number = about[{"contract": "revision", "erasure": "id", "hold": "id"}.get(what, "version")]
    return CorruptError(
        "record_damaged",
        f"{about['set']}: the catalog's {what} {number} is not what its event recorded",
        remedy=REBUILD,
    )


def insert(tx: sa.Connection, struct: msgspec.Struct, **more: object) -> None:
    """Insert the row of a Struct; `more` are columns that do not follow from it."""
    tx.execute(TABLES[type(struct)].insert().values(cells_of(struct) | more))


def cells_of(struct: msgspec.Struct) -> dict[str, Any]:
    """The row of a Struct: its fields and the columns that follow from them."""
    cells = msgspec.structs.asdict(struct) | derived_columns(struct)
    for name in cells.keys() & _JSON.keys():
        if cells[name] is not None:
            cells[name] = msgspec.json.encode(cells[name]).decode()
    return cells


def derived_columns(struct: msgspec.Struct) -> dict[str, Any]:
    """The columns that a Struct has no field for and that follow from it, as they begin."""
    match struct:
        case ContractRevision():
            contract = msgspec.json.decode(struct.body, type=Contract)
            return {"shape_digest": contract.shape().digest}
        case Version():
            return {"run_id": struct.provenance.run_id}
        case Scored():
            return {"tracked": False}
        case _:
            return {}


# Fields that hold the time of an event.
_TIMES = ("at", "defined_at", "expired_at", "moved_at", "published_at")


def at_its_time(record: T, corrected: Mapping[datetime, datetime]) -> T:
    """A record with the times that count, where repairs of the clock changed the recorded ones."""
    if not corrected:
        return record
    changed = {
        name: corrected[time]
        for name in _TIMES
        if (time := getattr(record, name, None)) in corrected
    }
    return msgspec.structs.replace(record, **changed) if changed else record


def read_at_its_time(
    tx: sa.Connection,
    kind: type[T],
    condition: sa.ColumnElement[bool],
    order: sa.Column[int],
    corrected: Mapping[datetime, datetime],
) -> list[T]:
    """As `read`, with the times that count."""
    return [at_its_time(record, corrected) for record in read(tx, kind, condition, order)]


def read_set(
    tx: sa.Connection,
    name: str,
    previous: SetView | None,
    events: list[Event],
    corrected: Mapping[datetime, datetime],
) -> SetView:
    """A set's view brought up to date by its new events.

    corrected  the times that repairs of the clock changed; `events` have them
    Only the contracts, versions, waivers and holds that they name are read.
    """
    old = previous or SetView([], [], [], {})
    changes = {event.kind for event in events}
    contracts, versions = old.contracts, list(old.versions)
    if "defined" in changes:
        table = schema.contracts
        newer = matching(table, set=name) & (table.c.revision > len(contracts))
        contracts = contracts + read_at_its_time(
            tx, ContractRevision, newer, table.c.revision, corrected
        )
    touched = {e.version for e in events if e.kind in ("published", "tracked", "expired")}
    if touched:
        table = schema.versions
        condition = matching(table, set=name)
        if previous is not None:
            condition &= table.c.version.in_(touched)
        for version in read_at_its_time(tx, Version, condition, table.c.version, corrected):
            versions[version.version - 1 : version.version] = [version]
    waivers = old.waivers
    if changes & {"waived", "unwaived"}:
        table = schema.waivers
        standing = matching(table, set=name) & table.c.ended_at.is_(None)
        waivers = read_at_its_time(tx, Waiver, standing, table.c.id, corrected)
    holds = old.holds
    if changes & {"hold_placed", "hold_released"}:
        table = schema.holds
        standing = matching(table, set=name) & table.c.ended_at.is_(None)
        holds = read_at_its_time(tx, LegalHold, standing, table.c.id, corrected)
    erasures = old.erasures
    if "erased" in changes:
        table = schema.erasures
        newer = matching(table, set=name) & (table.c.id > (erasures[-1].id if erasures else 0))
        erasures = erasures + read_at_its_time(tx, Erasure, newer, table.c.id, corrected)
    aliases = {row.alias: row for row in read(tx, Alias, schema.aliases.c.set == name)}
    events = old.events + events
    view = SetView(contracts, versions, events, aliases, waivers, holds, erasures, old.decoded)
    check_set(name, view, [at_its_time(alias, corrected) for alias in aliases.values()])
    return view
