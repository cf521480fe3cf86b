"""The catalog's tables. Alembic in `migrations/` makes them; this module only describes what it
made, from the Structs of `records` where a table holds one.

Times are microseconds since the epoch in BIGINT columns: exact, and compared alike by SQLite and
PostgreSQL.
"""

from datetime import datetime
from types import NoneType
from typing import Any, get_args

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from estimates import instants
from estimates.catalog.records import (
    Alias,
    ContractRevision,
    Erasure,
    Event,
    LegalHold,
    Scored,
    Version,
    Waiver,
)
from estimates.catalog.run_record import Run

# The newest file of migrations/versions. A catalog between two releases has both in its name,
# such as `0008_beside_0007`: programs of either use it. A process that finds neither refuses.
REVISION = "0007"
BESIDE = "_beside_"

METADATA = MetaData()
_LARGE = ("id", "event", "rows")  # of 64 bits; other numbers have 32


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime as microseconds since the epoch."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Datetime to BIGINT."""
        return None if value is None else instants.micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """BIGINT to datetime."""
        return None if value is None else instants.from_micros(value)


# A field of another type is JSON, and text in its table.
_KINDS: dict[Any, type[TypeEngine[Any]]] = {int: Integer, bool: Boolean, datetime: Instant}


def _table(name: str, struct: type[msgspec.Struct], key: list[str], *more: SchemaItem) -> Table:
    """The table of a Struct: a column for each of its fields, and what stands beside them."""
    columns = [_column(field.name, field.type, key) for field in msgspec.structs.fields(struct)]
    return Table(name, METADATA, *columns, *more)


def _column(name: str, field_type: Any, key: list[str]) -> Column[Any]:
    types = get_args(field_type) or (field_type,)
    kind = next((_KINDS[part] for part in types if part in _KINDS), Text)
    return Column(
        name,
        BigInteger if name in _LARGE else kind,
        primary_key=name in key,
        autoincrement=False,
        nullable=NoneType in types,
    )


def _filled(name: str, kind: Any = Text, *, key: bool = False) -> Column[Any]:
    return Column(name, kind, nullable=False, primary_key=key, autoincrement=False)


def _digest() -> Column[Any]:
    """The digest of the row's record, of an event its link; see `event_chain`."""
    return Column("digest", Text)


def _of_version() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"])


def _of_event(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([name], ["events.id"])


# One row: the counter that makes event ids gapless and event times strictly increasing, the digest
# of the newest event, and the identity of the store. Events up to `chained_later` happened before
# there was a chain.
log = Table(
    "log",
    METADATA,
    _filled("one", Integer, key=True),
    _filled("last_event", BigInteger),
    _filled("last_at", BigInteger),
    Column("head", Text),
    Column("chained_later", BigInteger),
    Column("store_id", Text),
)

contracts = _table(
    "contracts", ContractRevision, ["set", "revision"], _filled("shape_digest"), _digest()
)

versions = _table(
    "versions",
    Version,
    ["set", "version"],
    _filled("run_id"),
    _digest(),
    UniqueConstraint("set", "run_id", name="versions_run_id"),
    ForeignKeyConstraint(["set", "contract_revision"], ["contracts.set", "contracts.revision"]),
    Index("versions_snapshot", "snapshot_id"),
)

aliases = _table("aliases", Alias, ["set", "alias"], _of_version())

events = _table(
    "events",
    Event,
    ["id"],
    Column("records", Text),  # digests by name, JSON
    Column("signature", Text),
    _digest(),
    Index("events_set", "set", "id"),
)

verdicts = Table(
    "verdicts",
    METADATA,
    _filled("event", BigInteger, key=True),
    _filled("set"),
    _filled("version", Integer),
    _filled("blocks", Boolean),
    Column("body", Text, key="text", nullable=False),
    _digest(),
    _of_event("event"),
    _of_version(),
    Index("verdicts_version", "set", "version", "event"),
)

# `tracked`: whether MLflow has them, which no reader sees.
scores = _table(
    "scores",
    Scored,
    ["event"],
    _filled("tracked", Boolean),
    _digest(),
    _of_event("event"),
    _of_version(),
    Index("scores_version", "set", "version", "event"),
)

# `ended_at`: when it was taken back, if it was.
waivers = _table(
    "waivers",
    Waiver,
    ["id"],
    Column("ended_at", Instant),
    _digest(),
    _of_event("id"),
    _of_version(),
    Index("waivers_snapshot", "set", "snapshot_id"),
)

# `ended_at`: when it was released, if it was.
holds = _table(
    "holds",
    LegalHold,
    ["id"],
    Column("ended_at", Instant),
    _digest(),
    _of_event("id"),
    _of_version(),
    Index("holds_set", "set"),
)

erasures = _table(
    "erasures",
    Erasure,
    ["id"],
    _digest(),
    _of_event("id"),
    Index("erasures_set", "set"),
)

runs = _table("runs", Run, ["run_id"], Index("runs_set", "set", "started_at"))

# Files that sweeps deleted, the number of the claim, and whether the deletion is done; see
# docs/decisions/0003.
claims = Table(
    "claims",
    METADATA,
    _filled("set", key=True),
    _filled("digest", key=True),
    _filled("generation", Integer),
    _filled("done", Boolean),
)
