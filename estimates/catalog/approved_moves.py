"""Moves of aliases, and contracts that let more people approve, which rest on too few approvals, as
the log tells. No SQL here.

Readers of a store with an access record stay at what was before the first of them, so the answer
for an event is the same for ever, whatever release looks: it depends on who had to approve, and not
on which limits a contract has, whose meaning goes with the gate's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from estimates.catalog.approval_requests import ApprovalRequest
from estimates.catalog.law import is_record
from estimates.catalog.records import Event, Version
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import is_covered, may_approve

NOT_APPROVED = "not_approved"
_DONE = {"promote": "promoted", "waive": "waived", "define": "defined"}


class Approvers(NamedTuple):
    """Who has to approve: so many people, of these names."""

    needed: int = 0
    names: tuple[str, ...] = ()

    def lets_more(self, after: Approvers) -> bool:
        """Whether others, or fewer, would do by another policy."""
        fewer = after.needed < self.needed
        return bool(self.needed) and (
            fewer or not all(is_covered(name, self.names) for name in after.names)
        )


class Unapproved(NamedTuple):
    """An event that rests on too few approvals, or a rollback to where its alias never was."""

    event: Event
    why: str

    def text(self) -> str:
        """What is said of it."""
        return f"event {self.event.id} ({self.event.kind} by {self.event.actor}): {self.why}"


def unapproved_moves(view: View, name: str) -> list[Unapproved]:
    """The moves of a set's aliases that its contracts did not let happen, and the contracts that
    changed who approves without approvals, oldest first.

    Such a contract changes nothing here, but where a first access record came later, which vouches
    for it.
    """
    return list(_unapproved(view.sets, view.sets[name], _first_record(view)))


def unlawful_moves(view: View, names: Iterable[str]) -> dict[int, str]:
    """By event, why a move is not lawful in a store with an access record: the first of each set.

    names  of the sets to look at
    What happened before the first record is vouched for by it.
    """
    first = _first_record(view)
    unlawful: dict[int, str] = {}
    for name in names:
        moves = unapproved_moves(view, name)
        move = next((each for each in moves if each.event.id > first), None)
        if move is not None:
            unlawful[move.event.id] = move.why
    return unlawful


def standing_unapproved(view: View, names: Iterable[str] | None = None) -> list[Unapproved]:
    """Those of `unapproved_moves` that an alias is at still: no other move came after them.

    names  of the sets to look at; None: all
    """
    chosen = view.sets if names is None else names
    return [move for name in chosen for move in _standing(view, name)]


def _standing(view: View, name: str) -> list[Unapproved]:
    of_set = view.sets[name]
    member = of_set.contract.member
    of_family = view.sets.get(member.of, of_set) if member is not None else of_set
    about = "unapproved", of_family.events[-1].id, _first_record(view)
    moves = of_set.memoize(about, lambda: unapproved_moves(view, name))
    last = {event.alias: event.id for event in of_set.events} if moves else {}
    return [each for each in moves if each.event.alias and each.event.id == last[each.event.alias]]


def approvals_of(of_set: SetView, event: Event, names: tuple[str, ...]) -> set[str]:
    """Whose approvals count for an event, of the approvers of these names: nobody's where it is not
    what was approved, or not done with the last approval.
    """
    requests = of_set.memoize("requests", lambda: {each.id: each for each in of_set.requests})
    request = requests.get(event.details.get("request", 0))
    if request is None or not _is_approved(of_set, event, request):
        return set()
    never = never_by(of_set, request, before=event.id)
    return {
        approval.actor
        for approval in request.approved
        if approval.details.get("digest") == request.digest
        and approval.actor not in never
        and may_approve(approval.actor, names)
    }


def too_few(of_set: SetView, event: Event, approvers: Approvers) -> str | None:
    """What is said of an event with too few approvals; None where it has as many as it takes."""
    count = len(approvals_of(of_set, event, approvers.names)) if approvers.needed else 0
    if count >= approvers.needed:
        return None
    return f"it has {count} of the {approvers.needed} approvals that the contract asked for"


def never_by(of_set: SetView, request: ApprovalRequest, before: int | None = None) -> set[str]:
    """Who may not approve a request, whatever the contract says: who asked, and who published the
    version, another one of the same content, or the one that it keeps rows of.

    before  who published one with a later event than this is no matter; None: no such event
    """
    if request.event.version is None:
        return {request.event.actor}
    version = version_of(of_set, request)
    carried = version.provenance.carried_over
    published = of_set.memoize("published", lambda: _published(of_set))
    events = published[version.snapshot_id]
    if carried is not None:
        others = published[of_set.versions[carried.of - 1].snapshot_id]
        events = events + [event for event in others if event.version == carried.of]
    return {request.event.actor} | {
        event.actor for event in events if before is None or event.id < before
    }


def _published(of_set: SetView) -> dict[str, list[Event]]:
    """By content, the events that published it."""
    published: dict[str, list[Event]] = {}
    for event in of_set.events:
        if event.kind == "published" and event.version is not None:
            snapshot_id = of_set.versions[event.version - 1].snapshot_id
            published.setdefault(snapshot_id, []).append(event)
    return published


def version_of(of_set: SetView, request: ApprovalRequest) -> Version:
    """The version that a request is about."""
    assert request.event.version is not None
    return of_set.versions[request.event.version - 1]


def approvers_of(of_set: SetView, revision: int) -> Approvers:
    """Who has to approve by a revision of the contract."""
    if b'"approvals"' not in bytes(of_set.contracts[revision - 1].body):
        return Approvers()
    gate = of_set.revision(revision).gate
    return Approvers(gate.approvals, gate.approvers)


def _first_record(view: View) -> int:
    """The event of the first access record, 0 without one."""
    return next((event.id for event in view.of_store if is_record(event)), 0)


def _unapproved(
    sets: Mapping[str, SetView], of_set: SetView, first_record: int
) -> Iterator[Unapproved]:
    in_force = Approvers()
    visited: dict[str, set[int]] = {}  # by alias, where moves put it
    for event in of_set.events:
        if event.kind == "defined":
            revision = event.details["revision"]
            after = approvers_of(of_set, revision)
            if in_force.lets_more(after) and not _is_of_family(sets, of_set, revision, event.id):
                why = too_few(of_set, event, in_force)
                if why is not None:
                    yield Unapproved(event, why)
                    if event.id > first_record:
                        continue
            in_force = after
        elif event.alias is not None and event.version is not None:
            places = visited.setdefault(event.alias, set())
            why = None
            if event.kind == "promoted":
                why = too_few(of_set, event, in_force)
            elif event.kind == "rolled_back" and event.version not in places:
                why = f"{event.alias} was never at version {event.version}"
            places.add(event.version)
            if why is not None:
                yield Unapproved(event, why)


def _is_approved(of_set: SetView, event: Event, request: ApprovalRequest) -> bool:
    """Whether an event is what was approved, done with the last approval."""
    about = request.about
    if (
        _DONE.get(request.act) != event.kind
        or (event.version, event.alias) != (request.event.version, about.get("alias"))
        or request.end is None
        or request.end.id != event.id - 1
    ):
        return False
    if event.kind != "defined":
        return True
    try:
        contract = msgspec.json.decode(about["body"], type=Contract)
    except msgspec.DecodeError:
        return False
    return contract == of_set.revision(event.details["revision"])


def _is_of_family(sets: Mapping[str, SetView], of_set: SetView, revision: int, event: int) -> bool:
    """Whether a member's contract names those who its family's contract in force names, and the one
    before it those whom some earlier one of the family named: it is approved with the family.
    """
    before, after = (of_set.revision(number).member for number in (revision - 1, revision))
    if before is None or after is None or before.of != after.of or after.of not in sets:
        return False
    of_family = sets[after.of]
    made = sum(each.kind == "defined" and each.id < event for each in of_family.events)
    policies = [approvers_of(of_family, number) for number in range(1, made + 1)]
    return (
        bool(policies)
        and approvers_of(of_set, revision) == policies[-1]
        and approvers_of(of_set, revision - 1) in policies
    )
