"""What was done without the approvals that the contract in force asked for, as the log tells."""

from __future__ import annotations

from collections.abc import Iterator

from estimates.catalog.approval_requests import ApprovalRequest
from estimates.catalog.audit import Fault
from estimates.catalog.records import Event
from estimates.catalog.set_view import SetView
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import may_approve
from estimates.gate.loosening import loosened
from estimates.gate.open_requests import never_by

UNAPPROVED = "not_approved"
_DONE = {"promote": "promoted", "waive": "waived", "define": "defined"}


def unapproved(of_set: SetView) -> Iterator[Fault]:
    """A fault for each promotion, waiver and contract of a set that rests on too few approvals.

    That of a family's member, which is approved with the family, is left out.
    """
    requests = {request.id: request for request in of_set.requests}
    before: Contract | None = None
    for event in of_set.events:
        after = of_set.revision(event.details["revision"]) if event.kind == "defined" else None
        needed = 0 if before is None else before.gate.approvals
        if needed and before is not None and _takes_some(event, before, after):
            request = requests.get(event.details.get("request", 0))
            others = _approvers(of_set, event, request, before.gate.approvers) if request else ()
            if len(others) < needed:
                what = f"event {event.id} ({event.kind} by {event.actor}) has {len(others)}"
                message = f"{what} of the {needed} approvals that the contract asked for"
                yield Fault(event.set, event.version, UNAPPROVED, message)
        before = after or before


def _approvers(
    of_set: SetView, event: Event, request: ApprovalRequest, approvers: tuple[str, ...]
) -> set[str]:
    """Whose approvals count for an event: nobody's where it is not what was approved, or not done
    with the last approval.
    """
    wanted = request.event.version, request.about.get("alias")
    if (
        _DONE.get(request.act) != event.kind
        or (event.version, event.alias) != wanted
        or request.end is None
        or request.end.id != event.id - 1
    ):
        return set()
    never = never_by(of_set, request, before=event.id)
    return {
        approval.actor
        for approval in request.approved
        if approval.details.get("digest") == request.digest
        and approval.actor not in never
        and may_approve(approval.actor, approvers)
    }


def _takes_some(event: Event, before: Contract, after: Contract | None) -> bool:
    if after is not None:
        return after.member is None and bool(loosened(before, after))
    return event.kind in ("promoted", "waived")
