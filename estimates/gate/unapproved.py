"""What was done without the approvals that the contract in force asked for, as the log tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from estimates.catalog.approved_moves import (
    NOT_APPROVED,
    Approvers,
    Unapproved,
    too_few,
    unapproved_moves,
)
from estimates.catalog.audit import Fault
from estimates.catalog.records import Event
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.contract.contract import Contract
from estimates.contract.family import is_made_of
from estimates.gate.loosening import loosened


def unapproved(view: View, name: str) -> Iterator[Fault]:
    """A fault for each promotion, waiver and contract of a set that rests on too few approvals, and
    for each rollback to where its alias never was.
    """
    sets, of_set = view.sets, view.sets[name]
    moves = {move.event.id: move.why for move in unapproved_moves(view, name)}
    before: Contract | None = None
    for event in of_set.events:
        after = of_set.revision(event.details["revision"]) if event.kind == "defined" else None
        why = moves.get(event.id)
        if why is None and before is not None and _takes_some(sets, of_set, event, before, after):
            approvers = Approvers(before.gate.approvals, before.gate.approvers)
            why = too_few(of_set, event, approvers)
        if why is not None:
            text = Unapproved(event, why).text()
            yield Fault(event.set, event.version, NOT_APPROVED, text)
        before = after or before


def _takes_some(
    sets: Mapping[str, SetView],
    of_set: SetView,
    event: Event,
    before: Contract,
    after: Contract | None,
) -> bool:
    """Whether a waiver, or a contract, takes approvals where there are some; see `_follows`."""
    if not before.gate.approvals:
        return False
    if after is None:
        return event.kind == "waived"
    return bool(loosened(before, after)) and not _follows(sets, of_set, event, before, after)


def _follows(
    sets: Mapping[str, SetView],
    of_set: SetView,
    event: Event,
    before: Contract,
    after: Contract,
) -> bool:
    """Whether a member's contract is what its family's in force made of it, and the one before it
    what an earlier one did: it was approved with the family.
    """
    ours, theirs = before.member, after.member
    if ours is None or theirs is None or ours.of != theirs.of or ours.of not in sets:
        return False
    of_family, revision = sets[ours.of], event.details["revision"]
    made = sum(each.kind == "defined" and each.id < event.id for each in of_family.events)
    sources = [contract.source for contract in of_family.contracts[:made]]
    known, new = (of_set.contracts[number - 1].source for number in (revision - 1, revision))
    return is_made_of(new, theirs, sources[-1:]) and is_made_of(known, ours, sources)
