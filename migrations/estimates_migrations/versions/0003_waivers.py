"""Waivers: exceptions of single checks that a person made for one version's content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table of waivers."""
    op.create_table(
        "waivers",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("set", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("snapshot_id", sa.Text, nullable=False),
        sa.Column("check", sa.Text, nullable=False),
        sa.Column("keys", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["id"], ["events.id"]),
        sa.ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"]),
    )
    op.create_index("waivers_snapshot", "waivers", ["set", "snapshot_id"])
