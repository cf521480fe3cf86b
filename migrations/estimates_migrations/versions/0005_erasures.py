"""What was erased of keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table of erasures."""
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("set", sa.Text, nullable=False),
        sa.Column("key_digests", sa.Text, nullable=False),
        sa.Column("replaced", sa.Text, nullable=False),
        sa.Column("verdicts", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text),
        sa.ForeignKeyConstraint(["id"], ["events.id"]),
    )
    op.create_index("erasures_set", "erasures", ["set"])
