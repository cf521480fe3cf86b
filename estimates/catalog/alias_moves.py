"""Moves of aliases: promote, roll back, remove.

A move is a conditional update: of several who saw the same alias, one succeeds.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from estimates.catalog import schema
from estimates.catalog.approval_writes import Approval, append_approval
from estimates.catalog.engine import OnEngine
from estimates.catalog.event_log import append, next_event, next_event_about
from estimates.catalog.preconditions import (
    check_in_use,
    check_newest,
    check_unexpired,
    check_unmoved,
    check_waivers,
    moved_error,
)
from estimates.catalog.records import Alias, Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.rows import matching
from estimates.catalog.set_view import SetView
from estimates.errors import ConflictError


class AliasMoves(OnEngine):
    """Each method is one transaction."""

    def promote(
        self,
        version: Version,
        *,
        alias: str,
        seen: SetView,
        actor: str,
        reason: str | None = None,
        automatic: bool = False,
        waivers: Collection[int] = (),
        details: dict[str, Any] | None = None,
        approval: Approval | None = None,
    ) -> Event:
        """Point an alias at a version if nothing that decided it has changed.

        A person's move ends a hold.
        seen     what was looked at: neither the alias nor production may have moved since, nor the
                 contract changed, nor the set been retired
        waivers  those that were active for the verdict: they must be those active now
        approval the last one that it takes, which is recorded with it
        Raises ConflictError: `moved`, `held` (automatic only), `contract_changed`, `retired`,
        `waivers_changed`, `request_changed`, `request_over`; NotFoundError `expired`.
        """
        with self.writing() as tx:
            check_newest(tx, seen.contracts[-1])
            check_in_use(tx, version.set, seen.events[-1].id)
            check_unexpired(tx, version)
            if alias != PRODUCTION:
                check_unmoved(tx, version.set, PRODUCTION, seen.aliases.get(PRODUCTION))
            append_approval(tx, approval, actor)
            expected = seen.aliases.get(alias)
            event = next_event_about(
                tx,
                "promoted",
                version,
                actor,
                alias=alias,
                from_version=None if expected is None else expected.version,
                reason=reason,
                automatic=automatic,
                details=details or {},
            )
            check_waivers(tx, version, waivers, event.at)
            if automatic:
                check_automatic(seen, version.set, alias)
            _move(tx, version, alias, expected, event, held=False)
            return event

    def roll_back(self, version: Version, *, expected: Alias, actor: str, reason: str) -> Event:
        """Point an alias back at a version if it has not moved since it was seen, and hold it.

        Raises ConflictError `moved`; NotFoundError `expired`.
        """
        with self.writing() as tx:
            check_unexpired(tx, version)
            event = next_event_about(
                tx,
                "rolled_back",
                version,
                actor,
                alias=expected.alias,
                from_version=expected.version,
                reason=reason,
            )
            _move(tx, version, expected.alias, expected, event, held=True)
            return event

    def remove_alias(self, expected: Alias, *, actor: str, reason: str | None) -> Event:
        """Take an alias away if it has not moved since it was seen; a promotion brings it back.

        Raises ConflictError `moved`; InvalidError `bad_text`.
        """
        table = schema.aliases
        name, alias, version = expected.set, expected.alias, expected.version
        with self.writing() as tx:
            event = next_event(
                tx, "alias_removed", name, actor, alias=alias, from_version=version, reason=reason
            )
            append(tx, event)
            if tx.execute(table.delete().where(_as_seen(expected))).rowcount != 1:
                raise moved_error(name, alias, expected)
            return event


def check_automatic(seen: SetView, name: str, alias: str) -> None:
    """Raises ConflictError (`held`) where only a person may move an alias: since a rollback, and
    since it was removed.
    """
    pointed = seen.aliases.get(alias)
    if pointed is not None and pointed.held:
        since = "is held since a rollback"
    elif seen.removal(alias) is not None:
        since = "was removed"
    else:
        return
    raise ConflictError(
        "held", f"{name}: {alias} {since}", remedy="a person promotes with a reason"
    )


def _move(
    tx: sa.Connection,
    version: Version,
    alias: str,
    expected: Alias | None,
    event: Event,
    *,
    held: bool,
) -> None:
    """The conditional update: of several who saw the same alias, one succeeds.

    The time of the last move is part of the condition: an alias that came back to the same version
    has moved too. Raises ConflictError (`moved`).
    """
    append(tx, event)
    table = schema.aliases
    values = {"version": version.version, "moved_at": event.at, "held": held}
    if expected is None:
        try:
            tx.execute(table.insert().values(values | {"set": version.set, "alias": alias}))
        except IntegrityError:
            raise moved_error(version.set, alias, expected) from None
        return
    if tx.execute(table.update().where(_as_seen(expected)).values(values)).rowcount != 1:
        raise moved_error(version.set, alias, expected)


def _as_seen(expected: Alias) -> sa.ColumnElement[bool]:
    """The condition that an alias has not moved since it was seen."""
    return matching(
        schema.aliases,
        set=expected.set,
        alias=expected.alias,
        version=expected.version,
        moved_at=expected.moved_at,
    )
