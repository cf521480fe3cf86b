"""Approving: another person says yes, and the last one who has to lets it happen; or declines."""

from __future__ import annotations

import msgspec

from estimates.catalog.approval_requests import ApprovalRequest
from estimates.catalog.approval_writes import Approval, request_over
from estimates.catalog.approved_moves import never_by
from estimates.catalog.at import At
from estimates.catalog.records import Event
from estimates.catalog.set_view import SetView
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import may_approve
from estimates.errors import ConflictError, NotFoundError, RefusedError
from estimates.gate.open_requests import counted, void_because
from estimates.instants import parse
from estimates.store.members import check_allowed, define_members
from estimates.store.open_store import OpenStore
from estimates.store.promote import promote
from estimates.store.reasons import check_reason

_RETRIES = 3  # somebody else approved it, or something moved, meanwhile: look again
_TRANSIENT = ("request_changed", "contract_changed", "moved", "waivers_changed")


class Approved(msgspec.Struct, frozen=True):
    """What became of an approval.

    event    that of what was done, such as `promoted`; the approval's own while more are missing
    missing  how many more approvals it takes
    """

    event: Event
    missing: int


def approve(store: OpenStore, name: str, number: int, *, reason: str | None = None) -> Approved:
    """Approve what somebody asked for; the last approval that it takes does it, in the same
    transaction, where it is lawful still.

    number  of the request
    Raises NotFoundError (`unknown_set`, `unknown_request`), ConflictError (`request_over`: it
    ended, is void or done; `already`: approved by this actor before), RefusedError
    (`not_an_approver`, `own_request`: asked or published by this actor), and what promoting,
    waiving and defining raise.
    """
    store.check_writable("approved", name)  # whoever has no key is told that, and is no approver
    for _ in range(_RETRIES):
        try:
            return _approve(store, name, number, reason)
        except ConflictError as error:
            if error.code not in _TRANSIENT:
                raise
    return _approve(store, name, number, reason)


def decline(store: OpenStore, name: str, number: int, *, reason: str) -> Event:
    """Decline what somebody asked for, as one who may approve it or who asked for it.

    Raises InvalidError (`reason_needed`), NotFoundError (`unknown_set`, `unknown_request`),
    ConflictError (`request_over`, `request_changed`), RefusedError (`not_an_approver`).
    """
    check_reason(reason)
    store.check_writable("approval_declined", name)
    of_set, request = _standing(store, name, number)
    if store.actor != request.event.actor:
        _check_approver(of_set, request, store.actor)
    event = store.catalog.decline(request, actor=store.actor, reason=reason)
    store.notify_and_copy(event)
    return event


def _approve(store: OpenStore, name: str, number: int, reason: str | None) -> Approved:
    of_set, request = _standing(store, name, number)
    _check_approver(of_set, request, store.actor)
    if store.actor in (never := never_by(of_set, request)):
        others = ", ".join(name for name in of_set.contract.gate.approvers if name not in never)
        did = "asked for" if store.actor == request.event.actor else "published"
        raise RefusedError(
            "own_request",
            f"{name}: {store.actor} {did} what request {number} is about, and cannot approve it",
            remedy=f"{others} may" if others else "no other approver may: somebody else has to ask",
        )
    approved = counted(of_set, request)
    missing = of_set.contract.gate.approvals - len({*approved, store.actor})
    if missing <= 0:
        approval = Approval(request, reason)
        return Approved(_carry_out(store, of_set, approval), 0)
    if store.actor in approved:
        raise ConflictError(
            "already",
            f"{name}: {store.actor} approved request {number} already",
            remedy="it waits for somebody else",
        )
    event = store.catalog.approve(request, of_set.contracts[-1], actor=store.actor, reason=reason)
    store.notify_and_copy(event)
    return Approved(event, missing)


def _standing(store: OpenStore, name: str, number: int) -> tuple[SetView, ApprovalRequest]:
    """A request that can be approved; raises NotFoundError (`unknown_request`), ConflictError
    (`request_over`).
    """
    view = store.view()
    of_set = view.set(name)
    request = next((r for r in of_set.requests if r.id == number), None)
    if request is None:
        raise NotFoundError(
            "unknown_request",
            f"{name}: there is no request {number}",
            remedy=f"`estimates status {name}` lists what waits for approvals",
        )
    why = void_because(of_set, request, view.present)
    if why is not None:
        raise request_over(request, why)
    return of_set, request


def _check_approver(of_set: SetView, request: ApprovalRequest, actor: str) -> None:
    """Raises RefusedError (`not_an_approver`)."""
    approvers = of_set.contract.gate.approvers
    if not may_approve(actor, approvers):
        raise RefusedError(
            "not_an_approver",
            f"{request.event.set}: {actor} is none of the approvers of its contract",
            remedy=f"{', '.join(approvers)} may approve request {request.id}",
        )


def _carry_out(store: OpenStore, of_set: SetView, approval: Approval) -> Event:
    """Do what was asked for, with the last approval."""
    request, about = approval.request, approval.request.about
    name, version, reason = request.event.set, request.event.version, request.event.reason
    match request.act:
        case "promote":
            assert version is not None
            return promote(
                store,
                name,
                version,
                reason=reason,
                automatic=request.event.automatic,
                alias=about["alias"],
                new_shape=about.get("new_shape", False),
                approval=approval,
            ).event
        case "waive":
            assert version is not None
            assert reason is not None
            event, _ = store.catalog.waive(
                store.reader().resolve(name, At(version)),
                about["check"],
                about["keys"],
                reason=reason,
                until=parse(about["until"]),
                actor=store.actor,
                newest=of_set.contracts[-1],
                approval=approval,
            )
            store.notify_and_copy(event)
            return event
        case "define":
            return _define(store, approval)


def _define(store: OpenStore, approval: Approval) -> Event:
    """Register a contract as it was asked for, and then those of a family's members."""
    about = approval.request.about
    contract = msgspec.json.decode(about["body"], type=Contract)
    keys = store.listed_keys.read(contract)  # raises where they are not there any more
    if contract.family is not None:
        check_allowed(store, contract.name)
    store.catalog.define(
        contract, about["source"], store.actor, seen=about["over"], approval=approval
    )
    store.notify_and_copy()
    events = reversed(store.view().set(contract.name).events)
    made = next(event for event in events if event.kind == "defined")
    if contract.family is not None:
        define_members(store, contract.name, about["source"], keys)
    return made
