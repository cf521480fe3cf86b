"""The first schema: contracts, versions, aliases, events, verdicts, runs, claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    log = op.create_table(
        "log",
        sa.Column("one", sa.Integer, primary_key=True),
        sa.Column("last_event", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(log, [{"one": 1, "last_event": 0, "last_at": 0}])
    op.create_table(
        "contracts",
        sa.Column("set", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("shape", sa.Integer, nullable=False),
        sa.Column("shape_digest", sa.Text, nullable=False),
        sa.Column("defined_at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("set", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("snapshot_id", sa.Text, nullable=False),
        sa.Column("shape", sa.Integer, nullable=False),
        sa.Column("contract_revision", sa.Integer, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("released_at", sa.BigInteger),
        sa.Column("expired_at", sa.BigInteger),
        sa.Column("mlflow_run", sa.Text),
        sa.Column("provenance", sa.Text, nullable=False),
        sa.UniqueConstraint("set", "run_id", name="versions_run_id"),
        sa.ForeignKeyConstraint(
            ["set", "contract_revision"], ["contracts.set", "contracts.revision"]
        ),
    )
    op.create_index("versions_snapshot", "versions", ["snapshot_id"])
    op.create_table(
        "aliases",
        sa.Column("set", sa.Text, primary_key=True),
        sa.Column("alias", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"]),
    )
    _log_tables()
    _run_tables()


def _log_tables() -> None:
    """Events, and the verdicts that some announce."""
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("set", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("alias", sa.Text),
        sa.Column("from_version", sa.Integer),
        sa.Column("reason", sa.Text),
        sa.Column("automatic", sa.Boolean, nullable=False),
        sa.Column("blocks", sa.Boolean),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_index("events_set", "events", ["set", "id"])
    op.create_table(
        "verdicts",
        sa.Column("event", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("set", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("blocks", sa.Boolean, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["event"], ["events.id"]),
        sa.ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"]),
    )
    op.create_index("verdicts_version", "verdicts", ["set", "version", "event"])


def _run_tables() -> None:
    """Runs, and the claims of sweeps."""
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Text, primary_key=True),
        sa.Column("set", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("data_through", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("mlflow_run", sa.Text),
    )
    op.create_index("runs_set", "runs", ["set", "started_at"])
    op.create_table(
        "claims",
        sa.Column("set", sa.Text, primary_key=True),
        sa.Column("snapshot_id", sa.Text, primary_key=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
    )
