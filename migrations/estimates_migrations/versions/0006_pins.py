"""Which versions of its inputs a run reads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add what a run has to read again."""
    op.add_column("runs", sa.Column("pins", sa.Text))
