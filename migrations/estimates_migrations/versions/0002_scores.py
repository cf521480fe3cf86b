"""Scores: what versions were worth when actual values arrived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of scores."""
    op.create_table(
        "scores",
        sa.Column("event", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("set", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("contract_revision", sa.Integer, nullable=False),
        sa.Column("actuals", sa.Text, nullable=False),
        sa.Column("vintage", sa.Text),
        sa.Column("scored_at", sa.BigInteger, nullable=False),
        sa.Column("tracked", sa.Boolean, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["event"], ["events.id"]),
        sa.ForeignKeyConstraint(["set", "version"], ["versions.set", "versions.version"]),
    )
    op.create_index("scores_version", "scores", ["set", "version", "event"])
