"""Approvals: asked for, given and declined, an event each; there is no table of them.

The last approval that it takes is one transaction with what it lets happen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.approval_requests import (
    APPROVED,
    ASKED,
    DECLINED,
    STANDS,
    ApprovalRequest,
)
from estimates.catalog.engine import OnEngine
from estimates.catalog.event_log import append, check_text, next_event
from estimates.catalog.preconditions import check_newest
from estimates.catalog.records import ContractRevision, Event
from estimates.catalog.rows import matching, read
from estimates.errors import ConflictError


class Approval(NamedTuple):
    """The last approval that a request takes, by whoever carries it out."""

    request: ApprovalRequest
    reason: str | None

    def details(self, actor: str) -> dict[str, Any]:
        """What the event of that which is carried out says of it."""
        names = [event.actor for event in self.request.approved]
        return {
            "request": self.request.id,
            "asked_by": self.request.event.actor,
            "approved_by": list(dict.fromkeys([*names, actor])),
        }


class ApprovalWrites(OnEngine):
    """Each method is one transaction."""

    def request_approval(
        self,
        newest: ContractRevision,
        details: dict[str, Any],
        *,
        actor: str,
        version: int | None,
        reason: str | None,
        automatic: bool,
        seen_event: int,
    ) -> Event:
        """Record that something waits for approvals; the same that was asked for since an event
        gives that event back.

        newest   the contract that asks for approvals: still the newest one
        details  `act`, `about` and its `digest`
        Raises ConflictError `contract_changed`, InvalidError `bad_text`.
        """
        name, table = newest.set, schema.events
        later = matching(table, set=name, kind=ASKED) & (table.c.id > seen_event)
        check_text(reason=reason)
        with self.writing() as tx:
            check_newest(tx, newest)
            for event in read(tx, Event, later, table.c.id):
                if event.details["digest"] == details["digest"]:
                    return event
            event = next_event(
                tx, ASKED, name, actor, version=version, reason=reason, automatic=automatic
            )
            until = instants.text(event.at + STANDS)
            event = msgspec.structs.replace(event, details=details | {"until": until})
            return append(tx, event)

    def approve(
        self, request: ApprovalRequest, newest: ContractRevision, *, actor: str, reason: str | None
    ) -> Event:
        """Record an approval that is not the last one.

        Raises ConflictError `contract_changed`, `request_changed`, `request_over`.
        """
        with self.writing() as tx:
            check_newest(tx, newest)
            return _approve(tx, request, actor, reason)

    def decline(self, request: ApprovalRequest, *, actor: str, reason: str) -> Event:
        """Record that a request is declined; raises ConflictError `request_changed`."""
        with self.writing() as tx:
            check_unchanged(tx, request)
            event = next_event(
                tx,
                DECLINED,
                request.event.set,
                actor,
                version=request.event.version,
                reason=reason,
                details={"request": request.id},
            )
            return append(tx, event)


def append_approval(tx: sa.Connection, approval: Approval | None, actor: str) -> None:
    """Record the last approval, where there is one, before what it lets happen.

    Raises ConflictError `request_changed`, `request_over`.
    """
    if approval is None:
        return
    _approve(tx, approval.request, actor, approval.reason, carried_out=True)


def _approve(
    tx: sa.Connection,
    request: ApprovalRequest,
    actor: str,
    reason: str | None,
    *,
    carried_out: bool = False,
) -> Event:
    check_unchanged(tx, request)
    details = {"request": request.id, "digest": request.digest}
    event = next_event(
        tx,
        APPROVED,
        request.event.set,
        actor,
        version=request.event.version,
        reason=reason,
        details=details | ({"carried_out": True} if carried_out else {}),
    )
    if event.at >= request.until:
        raise request_over(request, f"it ended at {instants.text(request.until)}")
    return append(tx, event)


def check_unchanged(tx: sa.Connection, request: ApprovalRequest) -> None:
    """Raises ConflictError (`request_changed`) where somebody approved or declined a request since
    it was looked at.
    """
    table, name = schema.events, request.event.set
    kinds = table.c.kind.in_((APPROVED, DECLINED)) & (table.c.id > request.last)
    later = read(tx, Event, matching(table, set=name) & kinds, table.c.id)
    if any(event.details.get("request") == request.id for event in later):
        raise ConflictError(
            "request_changed",
            f"{name}: somebody approved or declined request {request.id} meanwhile",
            remedy="look and decide again",
        )


def request_over(request: ApprovalRequest, why: str) -> ConflictError:
    """The error (`request_over`) for a request that can be approved no more."""
    return ConflictError(
        "request_over",
        f"{request.event.set}: request {request.id} cannot be approved: {why}",
        remedy="whoever wants it asks again, by the same command",
    )
