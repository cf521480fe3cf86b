"""Which sets need somebody, the worst first, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from estimates.gate.open_requests import OpenRequest
from estimates.render.wording import count
from estimates_api.desk.desk_page import DeskPage
from estimates_api.desk.filters import period
from estimates_api.desk.links import answer_path
from estimates_api.http.bodies import SetSummary
from estimates_api.http.health_bodies import Readiness


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


_ASKED = 12  # refused sets whose verdicts are asked for
_NAMED = 3  # checks that are named
FINE = Attention(9, "fine", "nothing to do")


class _Check(msgspec.Struct):
    name: str
    status: str


class _Verdict(msgspec.Struct):
    """The part of a verdict that says what fails."""

    checks: list[_Check]


async def refusals(page: DeskPage, sets: Sequence[SetSummary]) -> dict[str, list[str]]:
    """By set the checks that its newest version fails, of those that were refused; of the first
    few alone.
    """
    refused = [each for each in sets if each.newest is not None and each.newest.state == "refused"]
    failing: dict[str, list[str]] = {}
    for each in refused[:_ASKED]:
        assert each.newest is not None
        path = answer_path(each.name, "versions", each.newest.version, "verdict")
        verdict = await page.answers.attempt(_Verdict, path)
        if isinstance(verdict, _Verdict):
            failing[each.name] = [c.name for c in verdict.checks if c.status in ("fail", "error")]
    return failing


def attention(
    listed: SetSummary,
    ready: Readiness | None = None,
    failing: Sequence[str] = (),
    members: int | None = None,
) -> list[Attention]:
    """All reasons, the worst first; FINE alone where there is none.

    ready    what the service says of itself: versions that cannot be read, sets that were stopped
    failing  the checks that a refused newest version fails, as far as they are known
    members  of a family, which has no versions: how many sets it has
    """
    stopped = [] if ready is None else ready.unauthorised or []
    for event in stopped:
        if event.set == listed.name:
            words = f"event {event.event} ({event.kind} by {event.actor}) was not allowed: "
            return [Attention(0, "bad", f"{words}the set stays at what was before it")]
    if listed.retired is not None:
        return [Attention(10, "fine", f"retired: {listed.retired.reason}")]
    reasons = [] if ready is None else _broken(listed.name, ready)
    fresh = listed.freshness
    if fresh.stale:
        words = f"its data are older than {period(fresh.max_age or '', whole=True)}"
        until = "" if fresh.newest_data is None else f": they end on {fresh.newest_data:%Y-%m-%d}"
        reasons.append(Attention(1, "bad", words + until))
    newest = listed.newest
    if newest is not None and newest.state == "refused":
        where = ("verdicts", newest.version)
        words = f"version {newest.version} was refused{_why(failing)}"
        reasons.append(Attention(2, "bad", words, where))
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
    if members is not None:
        return reasons or [Attention(9, "fine", f"a family of {count(members, 'set')}")]
    if "production" not in listed.aliases:
        words = "no version yet" if newest is None else "nothing was promoted yet"
        reasons.append(Attention(6, "warn", words))
    return reasons or [FINE]


def _broken(name: str, ready: Readiness) -> list[Attention]:
    """What the service cannot read of a set, and what nobody approved."""
    unread = [
        Attention(
            0,
            "bad",
            f"version {fault.version} of {fault.alias} cannot be read ({fault.code}); "
            + ("nothing" if fault.serving is None else f"version {fault.serving}")
            + " answers instead",
            ("versions", fault.version),
        )
        for fault in ready.faults
        if fault.set == name
    ]
    unapproved = [
        Attention(0, "bad", f"event {e.event} ({e.kind} by {e.actor}) was not approved")
        for e in ready.not_approved or []
        if e.set == name
    ]
    return [*unread, *unapproved]


def _why(failing: Sequence[str]) -> str:
    """The first of the checks that fail."""
    if not failing:
        return ""
    more = f" and {len(failing) - _NAMED} more" if len(failing) > _NAMED else ""
    return f": {', '.join(failing[:_NAMED])}{more} {'fails' if len(failing) == 1 else 'fail'}"
