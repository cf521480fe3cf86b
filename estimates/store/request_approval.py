"""Asking for approvals: what needs some is recorded as a request, and not done."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from estimates.catalog.approval_requests import Act, ApprovalRequest
from estimates.catalog.set_view import SetView
from estimates.errors import GateError
from estimates.gate.open_requests import act_text, void_because
from estimates.store.open_store import OpenStore


def ask(
    store: OpenStore,
    of_set: SetView,
    act: Act,
    about: dict[str, Any],
    *,
    version: int | None = None,
    reason: str | None = None,
    automatic: bool = False,
    loosens: Sequence[str] = (),
) -> None:
    """Record that something waits for approvals, once, however often it is asked for; nothing
    where the contract in force asks for none.

    Raises GateError (`approval_needed`) with the number of the request, and what `check_writable`
    and `request_approval` raise.
    """
    gate = of_set.contract.gate
    if not gate.approvals:
        return
    view = store.view()
    digest = hashlib.sha256(msgspec.json.encode(about, order="sorted")).hexdigest()
    request = next((r for r in _same(of_set, act, version, digest, view)), None)
    if request is None:
        store.check_writable("approval_requested", of_set.contracts[-1].set)
        details: dict[str, Any] = {"act": act, "about": about, "digest": digest}
        event = store.catalog.request_approval(
            of_set.contracts[-1],
            details | ({"loosens": list(loosens)} if loosens else {}),
            actor=store.actor,
            version=version,
            reason=reason,
            automatic=automatic,
            seen_event=view.last_event,
        )
        store.notify_and_copy(event)
        request = ApprovalRequest(event, [])
    raise approval_needed(of_set, request)


def _same(
    of_set: SetView, act: Act, version: int | None, digest: str, view: Any
) -> list[ApprovalRequest]:
    """The requests of the very same that can still be approved."""
    return [
        request
        for request in of_set.requests
        if (request.act, request.event.version, request.digest) == (act, version, digest)
        and void_because(of_set, request, view.present) is None
    ]


def approval_needed(of_set: SetView, request: ApprovalRequest) -> GateError:
    """The error (`approval_needed`) for what waits for approvals."""
    name, gate = request.event.set, of_set.contract.gate
    how_many = "an approval" if gate.approvals == 1 else f"{gate.approvals} approvals"
    by = "" if request.event.automatic else f", asked by {request.event.actor},"
    return GateError(
        "approval_needed",
        f"{name}: request {request.id}{by} waits for {how_many} by {', '.join(gate.approvers)}: "
        f"{act_text(request)}",
        remedy=f"estimates approve {name} {request.id}",
        request=request.id,
        until=request.until,
        approvers=list(gate.approvers),
    )


def all_waiting(name: str, errors: Sequence[GateError]) -> GateError:
    """One error (`approval_needed`) for several requests that were made at once."""
    if len(errors) == 1:
        return errors[0]
    requests = [error.details["request"] for error in errors]
    return GateError(
        "approval_needed",
        f"{name}: requests {', '.join(map(str, requests))} wait for approvals",
        remedy="; ".join(f"estimates approve {name} {request}" for request in requests),
        requests=requests,
    )
