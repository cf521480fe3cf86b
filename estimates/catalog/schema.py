"""The catalog's tables. Alembic in `migrations/` makes them; this module only describes what it
made.

Times are microseconds since the epoch in BIGINT columns: exact, and compared alike by SQLite and
PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime

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

from estimates import instants

# The newest file of migrations/versions; a process that finds another one refuses.
REVISION = "0003"

METADATA = MetaData()


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


# One row: the counter that makes event ids gapless and event times strictly increasing.
log = Table(
    "log",
    METADATA,
    Column("one", Integer, primary_key=True),
    Column("last_event", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

contracts = Table(
    "contracts",
    METADATA,
    Column("set", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("shape", Integer, nullable=False),
    Column("shape_digest", Text, nullable=False),
    Column("defined_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("source", Text, nullable=False),
)

versions = Table(
    "versions",
    METADATA,
    Column("set", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("snapshot_id", Text, nullable=False),
    Column("shape", Integer, nullable=False),
    Column("contract_revision", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("expired_at", Instant),
    Column("mlflow_run", Text),
    Column("provenance", Text, nullable=False),
    UniqueConstraint("set", "run_id", name="versions_run_id"),
    ForeignKeyConstraint(["set", "contract_revision"], ["contracts.set", "contracts.revision"]),
    Index("versions_snapshot", "snapshot_id"),
)

aliases = Table(
    "aliases",
    METADATA,
    Column("set", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("moved_at", Instant, nullable=False),
    Column("held", Boolean, nullable=False),
    ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"]),
)

events = Table(
    "events",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("set", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("version", Integer),
    Column("alias", Text),
    Column("from_version", Integer),
    Column("reason", Text),
    Column("automatic", Boolean, nullable=False),
    Column("blocks", Boolean),
    Column("details", Text, nullable=False),
    Index("events_set", "set", "id"),
)

verdicts = Table(
    "verdicts",
    METADATA,
    Column("event", BigInteger, primary_key=True, autoincrement=False),
    Column("set", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("blocks", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(["event"], ["events.id"]),
    ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"]),
    Index("verdicts_version", "set", "version", "event"),
)

# `actuals` is the digest of the actual values used; `tracked`: whether MLflow has them, which no
# reader sees.
scores = Table(
    "scores",
    METADATA,
    Column("event", BigInteger, primary_key=True, autoincrement=False),
    Column("set", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("contract_revision", Integer, nullable=False),
    Column("actuals", Text, nullable=False),
    Column("vintage", Text),
    Column("scored_at", Instant, nullable=False),
    Column("tracked", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    ForeignKeyConstraint(["event"], ["events.id"]),
    ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"]),
    Index("scores_version", "set", "version", "event"),
)

# `id` is that of the event that announced it, `keys` JSON; `ended_at`: when it was taken back, if
# it was.
waivers = Table(
    "waivers",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("set", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("snapshot_id", Text, nullable=False),
    Column("check", Text, nullable=False),
    Column("keys", Text),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant),
    ForeignKeyConstraint(["id"], ["events.id"]),
    ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"]),
    Index("waivers_snapshot", "set", "snapshot_id"),
)

runs = Table(
    "runs",
    METADATA,
    Column("run_id", Text, primary_key=True),
    Column("set", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("data_through", Instant, nullable=False),
    Column("version", Integer),
    Column("error", Text),
    Column("message", Text),
    Column("mlflow_run", Text),
    Index("runs_set", "set", "started_at"),
)

# Snapshots that sweeps deleted, how often, and whether the last deletion is done; see
# docs/decisions/0003.
claims = Table(
    "claims",
    METADATA,
    Column("set", Text, primary_key=True),
    Column("snapshot_id", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("done", Boolean, nullable=False),
)
