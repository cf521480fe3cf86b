"""Requests that can still be approved: by whom, what is missing, and why others cannot.

A request is bound to what it was asked for: it is void once something else would be done by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from estimates import instants
from estimates.catalog.approval_requests import DECLINED, ApprovalRequest
from estimates.catalog.approved_moves import never_by, version_of
from estimates.catalog.records import Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.contract.gate_policy import may_approve
from estimates.gate.active_waivers import active_waivers, waivers_digest
from estimates.gate.fresh_start import fresh_start
from estimates.gate.policy import policy_digest


class OpenRequest(msgspec.Struct, frozen=True):
    """Something that waits for approvals.

    id         of the request, which `estimates approve` takes
    act        `promote`, `waive`, `define`
    text       what shall be done, in a few words
    loosens    of a contract: what it is less strict about, a line each
    automatic  a run wants it
    approved   who approved it already; missing: how many more it takes
    approvers  who may, as the contract has them; never: those of them who may not, since they asked
               for it or published it
    """

    id: int
    act: str
    text: str
    version: int | None
    asked_by: str
    asked_at: datetime
    until: datetime
    reason: str | None
    automatic: bool
    loosens: list[str]
    approved: list[str]
    missing: int
    approvers: list[str]
    never: list[str]


def open_requests(of_set: SetView, now: datetime) -> list[OpenRequest]:
    """What waits for approvals at a moment, oldest first."""
    return [
        _shown(of_set, request)
        for request in of_set.requests
        if void_because(of_set, request, now) is None
    ]


def void_because(of_set: SetView, request: ApprovalRequest, now: datetime) -> str | None:
    """Why a request can be approved no more, as the end of a sentence; None where it can."""
    end = request.end
    if end is not None and end.kind == DECLINED:
        return f"{end.actor} declined it: {end.reason}"
    if end is not None:
        return f"{end.actor} approved it and it was done"
    if now >= request.until:
        return f"it ended at {instants.text(request.until)}"
    if not of_set.contract.gate.approvals:
        return "the contract asks for no approvals any more"
    if request.act == "define":
        newest = len(of_set.contracts)
        return None if newest == request.about["over"] else f"contract revision {newest} came since"
    return next(_changes(of_set, request, now), None)


def _changes(of_set: SetView, request: ApprovalRequest, now: datetime) -> Iterator[str]:
    """What is not any more what an approval of a promotion or a waiver is bound to."""
    version, about = version_of(of_set, request), request.about
    if version.expired_at is not None:
        yield f"version {version.version} expired"
    if about["policy"] != policy_digest(of_set.contract):
        yield "the gate has another policy since"
    if request.act == "waive":
        if now >= instants.parse(about["until"]):
            yield f"the waiver would have ended at {about['until']}"
        return
    if any(event.kind == "retired" for event in of_set.events_after(request.id)):
        yield "the set was retired since"
    for alias in dict.fromkeys((about["alias"], PRODUCTION)):
        if any(event.alias == alias for event in of_set.events_after(request.id)):
            yield f"{alias} moved since"
    if about["waivers"] != waivers_of(of_set, version, now):
        yield "other waivers are in force since"
    if about["against"] != expected_baseline(of_set, version):
        yield "it would be judged against another version"
    if request.event.automatic and any(_replaces(other, request) for other in of_set.requests):
        yield "a run asks for a newer version since"


def _replaces(other: ApprovalRequest, request: ApprovalRequest) -> bool:
    """Whether a run's request stands in the place of an earlier one."""
    return (
        other.id > request.id
        and other.event.automatic
        and other.act == "promote"
        and other.about["alias"] == request.about["alias"]
    )


def promotion_about(
    of_set: SetView, version: Version, alias: str, now: datetime, *, new_shape: bool
) -> dict[str, Any]:
    """What the approval of a promotion is bound to, as a verdict is."""
    return {
        "alias": alias,
        **({"new_shape": True} if new_shape else {}),
        "snapshot": version.snapshot_id,
        "policy": policy_digest(of_set.contract),
        "waivers": waivers_of(of_set, version, now),
        "against": expected_baseline(of_set, version),
    }


def waivers_of(of_set: SetView, version: Version, now: datetime) -> str:
    """The digest of the waivers in force for a version."""
    return waivers_digest(active_waivers(of_set.waivers_of(version), now))


def expected_baseline(of_set: SetView, version: Version) -> int | None:
    """The version that a verdict has to be against; None where it has to be against none."""
    production = of_set.production
    if production is None or production.shape != version.shape:
        return None
    through = production.provenance.data_through, version.provenance.data_through
    anew = fresh_start(of_set.contract.gate, *through, of_set.data_ends)
    return None if anew else production.version


def counted(of_set: SetView, request: ApprovalRequest) -> list[str]:
    """Whose approvals count by the newest contract, each once."""
    approvers, never = of_set.contract.gate.approvers, never_by(of_set, request)
    actors = dict.fromkeys(event.actor for event in request.approved)
    return [actor for actor in actors if may_approve(actor, approvers) and actor not in never]


def act_text(request: ApprovalRequest) -> str:
    """What a request wants, in a few words."""
    about, version = request.about, request.event.version
    match request.act:
        case "promote":
            shape = " (another shape)" if "new_shape" in about else ""
            return f"promote version {version} to {about['alias']}{shape}"
        case "waive":
            keys = about["keys"]
            of_keys = "" if keys is None else f" for {len(keys)} key{'s' * (len(keys) > 1)}"
            return f"waive {about['check']} of version {version}{of_keys} until {about['until']}"
        case "define":
            loosens = request.event.details["loosens"]
            more = f" and {len(loosens) - 1} more" if len(loosens) > 1 else ""
            return f"a contract that loosens {loosens[0]}{more}"


def _shown(of_set: SetView, request: ApprovalRequest) -> OpenRequest:
    event, gate = request.event, of_set.contract.gate
    approved = counted(of_set, request)
    return OpenRequest(
        id=request.id,
        act=request.act,
        text=act_text(request),
        version=event.version,
        asked_by=event.actor,
        asked_at=event.at,
        until=request.until,
        reason=event.reason,
        automatic=event.automatic,
        loosens=event.details.get("loosens", []),
        approved=approved,
        missing=max(gate.approvals - len(approved), 1),
        approvers=list(gate.approvers),
        never=sorted(never_by(of_set, request)),
    )
