"""Legal holds: placed and released; while one stands, nothing of what it keeps expires."""

from __future__ import annotations

import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.engine import OnEngine
from estimates.catalog.event_log import append, next_event
from estimates.catalog.preconditions import check_unexpired, standing_holds
from estimates.catalog.records import Event, LegalHold, Version
from estimates.catalog.rows import matching
from estimates.errors import NotFoundError


class HoldWrites(OnEngine):
    """Each method is one transaction."""

    def place_hold(
        self, set_name: str, version: Version | None, *, reason: str, actor: str
    ) -> tuple[Event, LegalHold]:
        """Keep a version, or with None a whole set, until the hold is released; gives its event,
        too.

        Raises NotFoundError `expired`, InvalidError `bad_text`.
        """
        number = None if version is None else version.version
        with self.writing() as tx:
            if version is not None:
                check_unexpired(tx, version)
            event = next_event(tx, "hold_placed", set_name, actor, version=number, reason=reason)
            hold = LegalHold(event.id, set_name, number, reason, actor, event.at)
            append(tx, event, hold)
            return event, hold

    def release_hold(self, set_name: str, hold: int, *, reason: str, actor: str) -> Event:
        """End a hold; its row stays.

        Raises NotFoundError `unknown_hold` where no such hold stands, InvalidError `bad_text`.
        """
        table = schema.holds
        here = standing_holds(set_name) & matching(table, id=hold)
        with self.writing() as tx:
            row = tx.execute(sa.select(table.c.version).where(here)).one_or_none()
            if row is None:
                raise NotFoundError(
                    "unknown_hold",
                    f"{set_name}: no legal hold {hold} stands",
                    remedy="see estimates status",
                )
            event = next_event(
                tx,
                "hold_released",
                set_name,
                actor,
                version=row.version,
                reason=reason,
                details={"hold": hold},
            )
            append(tx, event)
            tx.execute(table.update().where(here).values(ended_at=event.at))
            return event
