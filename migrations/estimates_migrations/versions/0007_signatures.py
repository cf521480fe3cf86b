"""Who an event says it was done for, and the signature of whoever did it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add what no event from before has."""
    op.add_column("events", sa.Column("claimed", sa.Text))
    op.add_column("events", sa.Column("signature", sa.Text))
