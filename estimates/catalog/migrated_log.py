"""The log of a catalog whose migration is not committed yet."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.event_log import Head, digest_of, read_head


class MigratedLog(NamedTuple):
    """What has to be known of it to refuse the migration.

    is_new  whether the catalog got its identity, and its chain, by this migration
    """

    tx: sa.Connection
    is_new: bool

    def head(self) -> Head:
        """The identity of the store and the end of its log."""
        return read_head(self.tx)

    def last_event(self) -> int:
        """Id of the newest event."""
        return self.head().last_event

    def digest_of(self, event: int) -> str | None:
        """The link of an event in the chain; None where the log has no such event."""
        return digest_of(self.tx, event)

    def snapshots(self) -> list[tuple[str, str]]:
        """Set and snapshot id of each version that has not expired, newest first."""
        version = schema.versions.c
        wanted = sa.select(version.set, version.snapshot_id).where(version.expired_at.is_(None))
        rows = self.tx.execute(wanted.order_by(version.set, version.version.desc()))
        return [(name, snapshot_id) for name, snapshot_id in rows]
