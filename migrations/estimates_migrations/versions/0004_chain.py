"""The identity of a store, digests of records, the chain of events, legal holds, and claims of
parts.

What they are is filled in by `estimates.catalog.chain_upgrade` once the newest schema stands.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns, and the table of holds."""
    op.execute("ALTER TABLE claims RENAME COLUMN snapshot_id TO digest")
    op.add_column("log", sa.Column("head", sa.Text))
    op.add_column("log", sa.Column("chained_later", sa.BigInteger))
    op.add_column("log", sa.Column("store_id", sa.Text))
    op.add_column("events", sa.Column("records", sa.Text))
    for table in ("contracts", "versions", "events", "verdicts", "scores", "waivers"):
        op.add_column(table, sa.Column("digest", sa.Text))
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("set", sa.Text, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("digest", sa.Text),
        sa.ForeignKeyConstraint(["id"], ["events.id"]),
        sa.ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"]),
    )
    op.create_index("holds_set", "holds", ["set"])
