"""The identity of a store, digests of records, and the chain of events.

What they are is filled in by `estimates.catalog.chaining` once the newest schema stands.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("log", sa.Column("head", sa.Text))
    op.add_column("log", sa.Column("chained_later", sa.BigInteger))
    op.add_column("log", sa.Column("store_id", sa.Text))
    op.add_column("events", sa.Column("records", sa.Text))
    for table in ("contracts", "versions", "events", "verdicts", "scores", "waivers"):
        op.add_column(table, sa.Column("digest", sa.Text))
