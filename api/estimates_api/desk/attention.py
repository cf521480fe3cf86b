"""Which sets need somebody, the worst first, and why."""

from __future__ import annotations

from typing import NamedTuple

from estimates.gate.open_requests import OpenRequest
from estimates_api.http.bodies import SetSummary
from estimates_api.http.health_bodies import Readiness
from estimates_api.http.standing_bodies import UnauthorisedBody
from estimates_api.serving.targets import Fault


class Attention(NamedTuple):
    """Why a set needs somebody: the worst reason has the lowest rank; `page` is where to look."""

    rank: int
    mark: str
    words: str
    page: tuple[object, ...] = ()


def request_words(request: OpenRequest) -> str:
    """What somebody wants, in a sentence."""
    who = "a run" if request.automatic else request.asked_by
    return f"{who} {'wants' if request.act == 'define' else 'wants to'} {request.text}"


FINE = Attention(9, "fine", "nothing to do")


def attention(listed: SetSummary, ready: Readiness | None = None) -> list[Attention]:
    """All reasons, the worst first; FINE alone where there is none.

    ready  what the service says of itself: versions that cannot be read, sets that were stopped
    """
    faults, stopped, unapproved = list[Fault](), list[UnauthorisedBody](), list[UnauthorisedBody]()
    if ready is not None:
        faults = [fault for fault in ready.faults if fault.set == listed.name]
        stopped, unapproved = ready.unauthorised or [], ready.not_approved or []
    for event in stopped:
        if event.set == listed.name:
            words = f"event {event.event} ({event.kind} by {event.actor}) was not allowed: "
            return [Attention(0, "bad", f"{words}the set stays at what was before it")]
    if listed.retired is not None:
        return [Attention(10, "fine", f"retired: {listed.retired.reason}")]
    reasons = [
        Attention(
            0,
            "bad",
            f"version {fault.version} of {fault.alias} cannot be read ({fault.code}); "
            + ("nothing" if fault.serving is None else f"version {fault.serving}")
            + " answers instead",
            ("versions", fault.version),
        )
        for fault in faults
    ]
    for event in unapproved:
        if event.set == listed.name:
            words = f"event {event.event} ({event.kind} by {event.actor}) was not approved"
            reasons.append(Attention(0, "bad", words))
    fresh = listed.freshness
    if fresh.stale:
        reasons.append(Attention(1, "bad", f"data older than {fresh.max_age}"))
    newest = listed.newest
    if newest is not None and newest.state == "refused":
        where = ("verdicts", newest.version)
        reasons.append(Attention(2, "bad", f"version {newest.version} was refused", where))
    for request in listed.requests:
        words = f"{request_words(request)}: request {request.id} waits"
        where = () if request.version is None else ("verdicts", request.version)
        reasons.append(Attention(3, "warn", words, where))
    for alias, pointed in listed.aliases.items():
        if pointed.held:
            words = f"{alias} is held since a rollback, until a person promotes"
            reasons.append(Attention(3, "warn", words, ("versions", pointed.version)))
    if fresh.overdue:
        reasons.append(Attention(4, "warn", "the next version is overdue"))
    if newest is not None and newest.state == "unjudged":
        where = ("versions", newest.version)
        reasons.append(Attention(5, "warn", f"version {newest.version} is not judged", where))
    if "production" not in listed.aliases:
        words = "no version yet" if newest is None else "nothing was promoted yet"
        reasons.append(Attention(6, "warn", words))
    return reasons or [FINE]
