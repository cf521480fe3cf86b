"""What is decided about a version: aliases move, checks are waived.

A move is a conditional update: of several who saw the same alias, one succeeds.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.engine import OnEngine, writing
from estimates.catalog.event_log import append, append_about, check_text
from estimates.catalog.preconditions import (
    check_newest,
    check_unexpired,
    check_unmoved,
    check_waivers,
    moved_error,
)
from estimates.catalog.records import Alias, Event, Version, Waiver
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.rows import insert, matching
from estimates.catalog.set_view import SetView
from estimates.errors import ConflictError, InvalidError, NotFoundError


class Decisions(OnEngine):
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
    ) -> Event:
        """Point an alias at a version if nothing that decided it has changed.

        A person's move ends a hold.
        seen     what was looked at: neither the alias nor production may have moved since, nor the
                 contract changed
        waivers  those that were active for the verdict: they must be those active now
        Raises ConflictError: `moved`, `held` (automatic only), `contract_changed`,
        `waivers_changed`; NotFoundError `expired`.
        """
        with writing(self.engine) as tx:
            check_newest(tx, seen.contracts[-1])
            check_unexpired(tx, version)
            if alias != PRODUCTION:
                check_unmoved(tx, version.set, PRODUCTION, seen.aliases.get(PRODUCTION))
            expected = seen.aliases.get(alias)
            event = append_about(
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
            if automatic and expected is not None and expected.held:
                raise ConflictError(
                    "held",
                    f"{version.set}: {alias} is held since a rollback; a person promotes with a "
                    "reason",
                )
            _move(tx, version, alias, expected, event, held=False)
            return event

    def roll_back(self, version: Version, *, expected: Alias, actor: str, reason: str) -> Event:
        """Point an alias back at a version if it has not moved since it was seen, and hold it.

        Raises ConflictError `moved`; NotFoundError `expired`.
        """
        with writing(self.engine) as tx:
            check_unexpired(tx, version)
            event = append_about(
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

    def waive(
        self,
        version: Version,
        check: str,
        keys: list[list[str]] | None,
        *,
        reason: str,
        until: datetime,
        actor: str,
    ) -> tuple[Event, Waiver]:
        """Make an exception of a check for a version's content; gives its event, too.

        keys  as text, in the contract's order; None: the check as a whole
        Raises InvalidError (`bad_until`: not in the future; `bad_text`), NotFoundError `expired`.
        """
        check_text(check=check)
        details = {
            "check": check,
            "keys": None if keys is None else len(keys),
            "until": instants.text(until),
        }
        with writing(self.engine) as tx:
            check_unexpired(tx, version)
            event = append_about(tx, "waived", version, actor, reason=reason, details=details)
            if until <= event.at:
                raise InvalidError(
                    "bad_until",
                    f"until {instants.text(until)} is over at {instants.text(event.at)}; give a "
                    "time that lies ahead",
                )
            waiver = Waiver(
                id=event.id,
                set=version.set,
                version=version.version,
                snapshot_id=version.snapshot_id,
                check=check,
                keys=keys,
                reason=reason,
                actor=actor,
                at=event.at,
                until=until,
            )
            insert(tx, waiver)
            return event, waiver

    def unwaive(self, set_name: str, waiver: int, *, reason: str, actor: str) -> Event:
        """Take a waiver back before its end; its row stays.

        Raises NotFoundError `unknown_waiver`, ConflictError `waiver_over` when it ended or was
        taken back already.
        """
        table = schema.waivers
        here = matching(table, set=set_name, id=waiver)
        with writing(self.engine) as tx:
            row = tx.execute(sa.select(table).where(here)).one_or_none()
            if row is None:
                raise NotFoundError("unknown_waiver", f"{set_name}: there is no waiver {waiver}")
            details = {"waiver": waiver, "check": row.check}
            event = append(
                tx, "unwaived", set_name, actor, version=row.version, reason=reason, details=details
            )
            end = min(row.until, row.ended_at or row.until)
            if end <= event.at:
                raise ConflictError(
                    "waiver_over",
                    f"{set_name}: waiver {waiver} is over since {instants.text(end)}",
                )
            tx.execute(table.update().where(here).values(ended_at=event.at))
            return event


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
    table = schema.aliases
    values = {"version": version.version, "moved_at": event.at, "held": held}
    if expected is None:
        try:
            tx.execute(table.insert().values(values | {"set": version.set, "alias": alias}))
        except IntegrityError:
            raise moved_error(version.set, alias, expected) from None
        return
    seen = matching(
        table, set=version.set, alias=alias, version=expected.version, moved_at=expected.moved_at
    )
    if tx.execute(table.update().where(seen).values(values)).rowcount != 1:
        raise moved_error(version.set, alias, expected)
