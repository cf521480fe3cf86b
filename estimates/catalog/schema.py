"""The catalog's tables. Alembic in `migrations/` makes them; this module only describes what it
made.

Times are microseconds since the epoch in BIGINT columns: exact, and compared alike by SQLite and
PostgreSQL.
"""

from datetime import datetime
from typing import Any

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


def _key(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _filled(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _of_version() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"])


def _of_event(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([name], ["events.id"])


# One row: the counter that makes event ids gapless and event times strictly increasing.
log = Table(
    "log",
    METADATA,
    _key("one", Integer),
    _filled("last_event", BigInteger),
    _filled("last_at", BigInteger),
)

contracts = Table(
    "contracts",
    METADATA,
    _key("set"),
    _key("revision", Integer),
    _filled("shape", Integer),
    _filled("shape_digest"),
    _filled("defined_at", Instant),
    _filled("actor"),
    _filled("body"),
    _filled("source"),
)

versions = Table(
    "versions",
    METADATA,
    _key("set"),
    _key("version", Integer),
    _filled("snapshot_id"),
    _filled("shape", Integer),
    _filled("contract_revision", Integer),
    _filled("rows", BigInteger),
    _filled("run_id"),
    _filled("published_at", Instant),
    Column("released_at", Instant),
    Column("expired_at", Instant),
    Column("mlflow_run", Text),
    _filled("provenance"),
    UniqueConstraint("set", "run_id", name="versions_run_id"),
    ForeignKeyConstraint(["set", "contract_revision"], ["contracts.set", "contracts.revision"]),
    Index("versions_snapshot", "snapshot_id"),
)

aliases = Table(
    "aliases",
    METADATA,
    _key("set"),
    _key("alias"),
    _filled("version", Integer),
    _filled("moved_at", Instant),
    _filled("held", Boolean),
    _of_version(),
)

events = Table(
    "events",
    METADATA,
    _key("id", BigInteger),
    _filled("at", Instant),
    _filled("set"),
    _filled("kind"),
    _filled("actor"),
    Column("version", Integer),
    Column("alias", Text),
    Column("from_version", Integer),
    Column("reason", Text),
    _filled("automatic", Boolean),
    Column("blocks", Boolean),
    _filled("details"),
    Index("events_set", "set", "id"),
)

verdicts = Table(
    "verdicts",
    METADATA,
    _key("event", BigInteger),
    _filled("set"),
    _filled("version", Integer),
    _filled("blocks", Boolean),
    _filled("body"),
    _of_event("event"),
    _of_version(),
    Index("verdicts_version", "set", "version", "event"),
)

# `actuals` is the digest of the actual values used; `tracked`: whether MLflow has them, which no
# reader sees.
scores = Table(
    "scores",
    METADATA,
    _key("event", BigInteger),
    _filled("set"),
    _filled("version", Integer),
    _filled("contract_revision", Integer),
    _filled("actuals"),
    Column("vintage", Text),
    _filled("scored_at", Instant),
    _filled("tracked", Boolean),
    _filled("body"),
    _of_event("event"),
    _of_version(),
    Index("scores_version", "set", "version", "event"),
)

# `id` is that of the event that announced it, `keys` JSON; `ended_at`: when it was taken back, if
# it was.
waivers = Table(
    "waivers",
    METADATA,
    _key("id", BigInteger),
    _filled("set"),
    _filled("version", Integer),
    _filled("snapshot_id"),
    _filled("check"),
    Column("keys", Text),
    _filled("reason"),
    _filled("actor"),
    _filled("at", Instant),
    _filled("until", Instant),
    Column("ended_at", Instant),
    _of_event("id"),
    _of_version(),
    Index("waivers_snapshot", "set", "snapshot_id"),
)

runs = Table(
    "runs",
    METADATA,
    _key("run_id"),
    _filled("set"),
    _filled("status"),
    _filled("step"),
    _filled("started_at", Instant),
    Column("finished_at", Instant),
    _filled("data_through", Instant),
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
    _key("set"),
    _key("snapshot_id"),
    _filled("generation", Integer),
    _filled("done", Boolean),
)
