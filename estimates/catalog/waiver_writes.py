"""Waivers: an exception of a check for one version's content, made and taken back."""

from datetime import UTC, datetime

import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.approval_writes import Approval, append_approval
from estimates.catalog.engine import OnEngine
from estimates.catalog.event_log import append, check_text, next_event, next_event_about
from estimates.catalog.preconditions import check_newest, check_unexpired
from estimates.catalog.records import ContractRevision, Event, Version, Waiver
from estimates.catalog.rows import matching
from estimates.errors import ConflictError, InvalidError, NotFoundError


class WaiverWrites(OnEngine):
    """Each method is one transaction."""

    def waive(
        self,
        version: Version,
        check: str,
        keys: list[list[str]] | None,
        *,
        reason: str,
        until: datetime,
        actor: str,
        newest: ContractRevision,
        approval: Approval | None = None,
    ) -> tuple[Event, Waiver]:
        """Make an exception of a check for a version's content; gives its event, too.

        keys  as text, in the contract's order; None: the check as a whole
        newest    the contract that said whether it takes an approval: still the newest one
        approval  the last one that it takes, which is recorded with it; whoever asked made the
                  exception
        Raises InvalidError (`bad_until`: not in the future; `bad_text`), NotFoundError `expired`,
        ConflictError (`contract_changed`, `request_changed`, `request_over`).
        """
        check_text(check=check)
        details = {
            "check": check,
            "keys": None if keys is None else len(keys),
            "until": instants.text(until),
        }
        by = actor if approval is None else approval.request.event.actor
        details |= {} if approval is None else approval.details(actor)
        with self.writing() as tx:
            check_newest(tx, newest)
            check_unexpired(tx, version)
            append_approval(tx, approval, actor)
            event = next_event_about(tx, "waived", version, actor, reason=reason, details=details)
            if until <= event.at:
                raise InvalidError(
                    "bad_until",
                    f"until {instants.text(until)} is over at {instants.text(event.at)}",
                    remedy="give a time that lies ahead",
                )
            waiver = Waiver(
                id=event.id,
                set=version.set,
                version=version.version,
                snapshot_id=version.snapshot_id,
                check=check,
                keys=keys,
                reason=reason,
                actor=by,
                at=event.at,
                until=until.astimezone(UTC),
            )
            append(tx, event, waiver)
            return event, waiver

    def unwaive(self, set_name: str, waiver: int, *, reason: str, actor: str) -> Event:
        """Take a waiver back before its end; its row stays.

        Raises NotFoundError `unknown_waiver`, ConflictError `waiver_over` when it ended or was
        taken back already.
        """
        table = schema.waivers
        here = matching(table, set=set_name, id=waiver)
        with self.writing() as tx:
            row = tx.execute(sa.select(table).where(here)).one_or_none()
            if row is None:
                raise NotFoundError(
                    "unknown_waiver",
                    f"{set_name}: there is no waiver {waiver}",
                    remedy="`estimates status` and `estimates log` name those that there are",
                )
            details = {"waiver": waiver, "check": row.check}
            event = next_event(
                tx, "unwaived", set_name, actor, version=row.version, reason=reason, details=details
            )
            end = min(row.until, row.ended_at or row.until)
            if end <= event.at:
                raise ConflictError(
                    "waiver_over",
                    f"{set_name}: waiver {waiver} is over since {instants.text(end)}",
                    remedy="there is nothing to take back",
                )
            append(tx, event)
            tx.execute(table.update().where(here).values(ended_at=event.at))
            return event
