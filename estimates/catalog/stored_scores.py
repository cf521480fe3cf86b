"""Scores of versions, and what became of their verdicts."""

from collections.abc import Collection
from typing import Any

import msgspec
import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.engine import OnEngine, reading
from estimates.catalog.event_log import append, next_event_about
from estimates.catalog.records import Event, Scored, Version
from estimates.catalog.rows import matching, of_version, read
from estimates.catalog.set_view import VINTAGE

_MANY = 500  # values in a condition at once; databases have a limit


class StoredScores(OnEngine):
    """Each method is one transaction."""

    def scored(
        self,
        version: Version,
        body: bytes,
        *,
        contract_revision: int,
        actuals: str,
        vintage: str | None,
        details: dict[str, Any],
        actor: str,
    ) -> Event | None:
        """Store the scores of a version, beside those of other vintages.

        details  what the event says; its `vintage` is the one that was asked for
        None, and nothing stored, when its newest scores of this vintage are these very bytes.
        """
        table, about = schema.scores, of_version(version)
        with self.writing() as tx:
            newest = _newest(tx, about, details.get(VINTAGE))
            body_of = sa.select(table.c.body).where(table.c.event == newest)
            if newest is not None and tx.execute(body_of).scalar() == body.decode():
                return None
            event = next_event_about(tx, "scored", version, actor, details=details)
            scored = Scored(
                event=event.id,
                contract_revision=contract_revision,
                actuals=actuals,
                vintage=vintage,
                scored_at=event.at,
                body=msgspec.Raw(body),
                **about,
            )
            return append(tx, event, scored)

    def regraded(self, version: Version, details: dict[str, Any], *, actor: str) -> Event | None:
        """Log what became of a version's verdict.

        None, and nothing logged, when its newest grade is this one.
        """
        table = schema.events
        grades = matching(table, kind="regraded", **of_version(version))
        newest = sa.select(table.c.details).where(grades).order_by(table.c.id.desc()).limit(1)
        with self.writing() as tx:
            if tx.execute(newest).scalar() == msgspec.json.encode(details).decode():
                return None
            event = next_event_about(tx, "regraded", version, actor, details=details)
            return append(tx, event)

    def scores_tracked(self, event: int) -> None:
        """Write down that MLflow has the scores of an event."""
        table = schema.scores
        with self.writing() as tx:
            tx.execute(table.update().where(table.c.event == event).values(tracked=True))

    def scores(self, events: Collection[int]) -> list[Scored]:
        """The scores that these events announced, by version."""
        column, wanted = schema.scores.c.event, sorted(events)
        parts = (wanted[start : start + _MANY] for start in range(0, len(wanted), _MANY))
        with reading(self.engine) as tx:
            scores = [scored for part in parts for scored in read(tx, Scored, column.in_(part))]
        return sorted(scores, key=lambda scored: (scored.set, scored.version, scored.event))

    def untracked_scores(self, set_name: str) -> list[Scored]:
        """The scores of a set that MLflow does not have yet, oldest first."""
        table = schema.scores
        waiting = matching(table, set=set_name) & table.c.tracked.is_(False)
        with reading(self.engine) as tx:
            return read(tx, Scored, waiting, table.c.event)


def _newest(tx: sa.Connection, about: dict[str, Any], vintage: str | None) -> int | None:
    """The event of a version's newest scores of a vintage."""
    scores, events = schema.scores, schema.events
    rows = (
        sa.select(scores.c.event, events.c.details)
        .join(events, events.c.id == scores.c.event)
        .where(matching(scores, **about))
        .order_by(scores.c.event.desc())
    )
    for event, details in tx.execute(rows):
        if msgspec.json.decode(details).get(VINTAGE) == vintage:
            return event
    return None
