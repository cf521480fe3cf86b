"""Moves without the approvals that they took: where readers stay, and what is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw, structs

from estimates.catalog.approved_moves import (
    Approvers,
    approvals_of,
    standing_unapproved,
    unapproved_moves,
)
from estimates.catalog.records import Event
from estimates.catalog.set_view import SetView
from estimates.contract.contract_file import parse_contract
from estimates.errors import GateError
from estimates.storage.objects import Objects
from estimates.store.members import define_family, set_of_member
from estimates.store.recover import after_end, find_log, give_up_end
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, code_of, define, publish, source
from tests.principals.signed import ALL, Keys
from tests.store.catalog_rows import lose_catalog, recovered

GATE = '[gate]\napprovals = 1\napprovers = ["bea", "team-*"]\n'
MAY = {
    "anna": {"define": ("*",), "publish": ("*",), "promote": ("*",)},
    "bea": ALL,
    "dora": {"roll_back": ("*",)},
}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Keys in a folder of their own."""
    return Keys(tmp_path / "keys")


@pytest.fixture
def signed(local_store: Store, keys: Keys) -> Store:
    """A store with an access record, as anna opens it: version 1 in production, approved by bea,
    version 2 a candidate.
    """
    keys.set(local_store, MAY)
    anna = keys.open(local_store, "anna")
    define(anna, more=GATE)
    publish(anna, "monday")
    number = request(anna, 1)
    keys.open(anna, "bea").approve(SET, number)
    anna.refresh()
    publish(anna, "tuesday", 101.0, day=1)
    anna.judge(SET, 2)
    return anna


def request(store: Store, version: int) -> int:
    """The request that a promotion leaves."""
    with pytest.raises(GateError) as caught:
        store.promote(SET, version, reason="good")
    return int(str(caught.value.details["request"]))


def past_approvals(store: Store, version: int) -> int:
    """Promote as a principal's own program could, with a good signature; the event."""
    of_set = store.refresh().set(SET)
    seen = of_set.versions[version - 1]
    return store.catalog.promote(seen, alias="production", seen=of_set, actor=store.actor).id


def faults(store: Store) -> list[tuple[str, str, int | None]]:
    """What verify names: code, set, version."""
    return [(fault.code, fault.set, fault.version) for fault in verify(store)]


def stays(store: Store, event: int, why: str) -> None:
    """Readers that begin stay at version 1; verify says why, and nothing more is written."""
    reader = Store(store.root)
    assert reader.resolve(SET).version == 1
    unlawful = reader.view().law.unlawful[0]
    assert (unlawful.event, unlawful.set) == (event, SET)
    assert why in unlawful.why
    assert all(each.id < event for each in reader.view().set(SET).events)
    assert [code for code, *_ in faults(reader)] == ["unauthorised_move"]
    store.refresh()
    assert code_of(lambda: publish(store, "later", 102.0, day=2)) == "unauthorised_move"


def test_a_signed_move_past_the_approvals_is_not_followed(signed: Store, keys: Keys) -> None:
    """A principal who may promote moves production alone: readers that run and that begin stay at
    the approved version, with and without what this machine keeps; the log up to there is good.
    """
    running = Store(signed.root)
    assert running.resolve(SET).version == 1
    event = past_approvals(signed, 2)
    assert running.refresh().resolve(SET).version == 1
    assert running.view().moment == running.view().set(SET).events[-1].at
    stays(signed, event, "it has 0 of the 1 approvals that the contract asked for")
    assert faults(running) == [("unauthorised_move", SET, 2)]
    rooted = Store(signed.root, root_key=keys.public("root"))
    seal = rooted.view().law.seal
    assert seal is not None
    assert seal.event == event - 1
    signed.notify_and_copy()
    lose_catalog(signed)
    log = find_log(Objects(signed.root), event - 1)
    give_up_end(log, after_end(log))
    rebuilt = recovered(signed.root)
    assert faults(rebuilt) == []
    assert rebuilt.catalog.view(running.view(), only_on=True).last_event == event - 1


def test_what_was_approved_is_followed(signed: Store, keys: Keys) -> None:
    """Approved moves, rollbacks to where production was, and contracts that others approved leave
    nothing unlawful, read at once and bit by bit.
    """
    running = Store(signed.root)
    bea = keys.open(signed, "bea")
    bea.approve(SET, request(signed, 2))
    running.refresh()
    keys.open(signed, "dora").rollback(SET, reason="bad")
    signed.refresh()
    define(signed, maximum=400.0, more=GATE)  # stricter: at once
    with pytest.raises(GateError) as caught:
        define(signed, maximum=400.0)
    bea.refresh()
    bea.approve(SET, int(str(caught.value.details["request"])))
    signed.refresh()
    signed.promote(SET, 2, reason="no approvals any more")
    for reader in (running, Store(signed.root)):
        assert reader.refresh().law.unlawful == ()
        assert reader.resolve(SET).version == 2
        assert faults(reader) == []


def test_a_contract_that_lets_others_approve_does_not_count(signed: Store) -> None:
    """Whoever may define cannot take the approvals away first: the set stays at what was before."""
    text = source()
    signed.catalog.define(parse_contract(text), text, "anna", seen=1)
    event = signed.catalog.last_event()
    signed.refresh()
    assert code_of(lambda: signed.promote(SET, 2, reason="alone")) == "unauthorised_move"
    stays(signed, event, "0 of the 1 approvals")


def test_a_rollback_forwards_is_none(signed: Store, keys: Keys) -> None:
    """Who may only roll back cannot put production where it never was."""
    dora = keys.open(signed, "dora")
    of_set = dora.view().set(SET)
    expected = of_set.aliases["production"]
    event = dora.catalog.roll_back(
        of_set.versions[1], expected=expected, actor="dora", reason="forwards"
    )
    stays(signed, event.id, "production was never at version 2")


def test_what_was_before_the_record_is_vouched_for(local_store: Store, keys: Keys) -> None:
    """Whoever sets the first record stands for the moves before it; verify names them still."""
    define(local_store, more=GATE)
    publish(local_store, "monday")
    past_approvals(local_store, 1)
    keys.set(local_store, MAY)
    reader = Store(local_store.root)
    assert reader.resolve(SET).version == 1
    assert reader.view().law.unlawful == ()
    assert faults(reader) == [("not_approved", SET, 1)]


def test_what_the_record_vouches_for_goes_on(local_store: Store, keys: Keys) -> None:
    """Whoever defined without approvals before the record changed who approves for good, and a
    rollback goes to where production was then: nothing of that stops the store.
    """
    define(local_store, more=GATE)
    publish(local_store, "monday")
    past_approvals(local_store, 1)
    text = source()
    local_store.catalog.define(parse_contract(text), text, "tester", seen=1)
    local_store.refresh()
    keys.set(local_store, MAY)
    anna = keys.open(local_store, "anna")
    publish(anna, "tuesday", 101.0, day=1)
    anna.promote(SET, 2, reason="the contract asks for nobody")
    keys.open(local_store, "dora").rollback(SET, reason="bad")
    reader = Store(local_store.root)
    assert reader.view().law.unlawful == ()
    assert reader.resolve(SET).version == 1
    assert faults(reader) == [("not_approved", SET, 1), ("not_approved", SET, None)]


def test_without_a_record_it_is_named_until_an_approved_move(local_store: Store) -> None:
    """Readers follow, since nothing there says who approved; what production is at is named until
    it moves again, and in the history for ever.
    """
    define(local_store, more=GATE)
    publish(local_store, "monday")
    event = past_approvals(local_store, 1)
    local_store.refresh()
    assert [each.event.id for each in standing_unapproved(local_store.view())] == [event]
    publish(local_store, "tuesday", 101.0, day=1)
    number = request(local_store, 2)
    local_store.actor = "bea"
    local_store.approve(SET, number)
    assert standing_unapproved(local_store.view()) == []
    assert faults(local_store) == [("not_approved", SET, 1)]
    text = source()
    local_store.catalog.define(parse_contract(text), text, "tester", seen=1)
    local_store.refresh()
    local_store.promote(SET, 1, reason="by a contract that nobody approved")
    (standing,) = standing_unapproved(local_store.view())
    assert (standing.event.kind, standing.event.version) == ("promoted", 1)


def test_members_of_families_are_named_too(local_store: Store) -> None:
    """A member's contract that neither it nor its family was approved for, and what is promoted by
    it; not one that follows its family.
    """
    text = source("fam", more="[family]\n" + GATE)
    define_family(local_store, parse_contract(text), text)
    name = set_of_member(local_store, "fam", "A")
    looser = text.replace("max = 500.0", "max = 900.0")
    with pytest.raises(GateError) as caught:
        define_family(local_store, parse_contract(looser), looser)
    local_store.actor = "bea"
    local_store.approve("fam", int(str(caught.value.details["request"])))
    assert local_store.contract(name).columns["value"].max == 900.0
    assert faults(local_store) == []
    own = local_store.view().set(name).contracts[-1].source
    for change in (("max = 900.0", "max = 999.0"), (GATE, "")):
        own = own.replace(*change)
        seen = len(local_store.refresh().set(name).contracts)
        local_store.catalog.define(parse_contract(own), own, "mallory", seen=seen)
    assert [code for code, *_ in faults(local_store)] == ["not_approved", "not_approved"]


def test_who_approves_changes_with_the_family(local_store: Store) -> None:
    """Approved once, it is lawful for each member; for one that had approvers of its own, it is
    not, though it names whom the family names.
    """
    text = source("fam", more="[family]\n" + GATE)
    define_family(local_store, parse_contract(text), text)
    name = set_of_member(local_store, "fam", "A")
    more = text.replace('["bea"', '["eve", "bea"')
    with pytest.raises(GateError) as caught:
        define_family(local_store, parse_contract(more), more)
    local_store.actor = "bea"
    local_store.approve("fam", int(str(caught.value.details["request"])))
    assert "eve" in local_store.contract(name).gate.approvers
    assert unapproved_moves(local_store.view(), name) == []
    other = set_of_member(local_store, "fam", "B")
    own = local_store.view().set(other).contracts[-1].source
    stricter = own.replace('["eve", "bea", "team-*"]', '["bea"]')
    local_store.define(parse_contract(stricter), stricter)
    local_store.catalog.define(parse_contract(own), own, "mallory", seen=2)
    (move,) = unapproved_moves(local_store.refresh(), other)
    assert (move.event.kind, move.event.actor) == ("defined", "mallory")


def test_a_request_of_another_contract_is_none(signed: Store, keys: Keys) -> None:
    """Whoever gives the last approval of a contract registers that one, and no other."""
    with pytest.raises(GateError) as caught:
        define(signed, maximum=900.0, more=GATE)
    number = int(str(caught.value.details["request"]))
    bea = keys.open(signed, "bea")
    approved = bea.approve(SET, number).event
    assert faults(bea) == []
    view = bea.view()
    revision = view.set(SET).contracts[-1]
    other = structs.replace(revision, body=Raw(bytes(revision.body).replace(b"900", b"950")))
    view.set(SET).contracts[-1] = other
    view.set(SET).decoded.pop(revision.revision, None)
    assert approvals_of(view.set(SET), approved, ("bea",)) == set()


def changed(of: str, **fields: Any) -> Callable[[list[Event]], list[Event]]:
    """Events of which those of a kind are otherwise."""
    return lambda events: [
        structs.replace(event, **fields) if event.kind == of else event for event in events
    ]


def also(kind: str, place: int, **fields: Any) -> Callable[[list[Event]], list[Event]]:
    """Events with one more like that of a kind, before or behind all others."""

    def more(events: list[Event]) -> list[Event]:
        other = next(event for event in events if event.kind == kind)
        new = structs.replace(other, id=0 if place == 0 else events[-1].id + 1, **fields)
        return [new, *events] if place == 0 else [*events, new]

    return more


@pytest.mark.parametrize(
    ("change", "approved"),
    [
        (list, {"bea"}),
        (changed("approved", details={"request": 5, "digest": "0" * 64, "carried_out": True}), 0),
        (changed("approved", actor="eve"), 0),
        (changed("approved", actor="team-1"), {"team-1"}),
        (changed("approval_requested", actor="bea"), 0),
        (changed("promoted", alias="canary"), 0),
        (changed("promoted", kind="waived"), 0),
        (changed("promoted", id=99), 0),
        (changed("promoted", details={}), 0),
        (changed("published", actor="bea"), 0),
        (also("published", 0, actor="bea"), 0),
        (also("published", 1, actor="bea"), {"bea"}),
    ],
)
def test_what_an_approval_has_to_be(
    approved_once: SetView, change: Callable[[list[Event]], list[Event]], approved: set[str] | int
) -> None:
    """Of this request, as it was asked for, by one who neither asked nor had published it then, and
    right before what it lets happen.
    """
    view = approved_once
    assert [event.kind for event in view.events if event.id == 5] == ["approval_requested"]
    events = change(view.events)
    changed_view = SetView(view.contracts, view.versions, events, view.aliases)
    move = next(e for e in events if e.kind in ("promoted", "waived"))
    assert approvals_of(changed_view, move, ("bea", "team-*")) == (approved or set())


@pytest.fixture
def approved_once(local_store: Store) -> SetView:
    """A set whose version 1 was promoted with an approval by bea; the request is event 5."""
    define(local_store, more=GATE)
    publish(local_store, "monday")
    local_store.judge(SET, 1)
    local_store.judge(SET, 1)
    number = request(local_store, 1)
    local_store.actor = "bea"
    local_store.approve(SET, number)
    return local_store.view().set(SET)


@pytest.mark.parametrize(
    ("before", "after", "is_more"),
    [
        (Approvers(), Approvers(), False),
        (Approvers(), Approvers(1, ("eve",)), False),
        (Approvers(1, ("bea",)), Approvers(2, ("bea",)), False),
        (Approvers(2, ("bea", "cyd")), Approvers(1, ("bea", "cyd")), True),
        (Approvers(1, ("bea",)), Approvers(), True),
        (Approvers(1, ("bea", "cyd")), Approvers(1, ("bea",)), False),
        (Approvers(1, ("bea",)), Approvers(1, ("bea", "eve")), True),
        (Approvers(1, ("team-*",)), Approvers(1, ("team-a*", "team-b")), False),
        (Approvers(1, ("team-a*",)), Approvers(1, ("team-*",)), True),
    ],
)
def test_who_else_would_do(before: Approvers, after: Approvers, is_more: bool) -> None:
    """Fewer, or others than before; what only asks for more lets nobody more."""
    assert before.lets_more(after) is is_more
