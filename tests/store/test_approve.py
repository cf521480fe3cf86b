"""Approvals: what waits for them, who may give them, what they are bound to, and that nothing goes
around them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from estimates import instants
from estimates.catalog.approval_requests import shown_details
from estimates.catalog.records import Event
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, GateError, RefusedError
from estimates.gate.open_requests import OpenRequest, open_requests
from estimates.store.members import define_family, set_of_member
from estimates.store.publish import Publication, publish_and_promote
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import (
    SET,
    TARGETS,
    code_of,
    define,
    frame,
    provenance,
    publish,
    source,
)
from tests.invariants import check_all
from tests.principals.signed import forge

GATE = '[gate]\napprovals = 1\napprovers = ["bea", "team-*"]\n'
TWO = '[gate]\napprovals = 2\napprovers = ["bea", "team-*"]\n'
AUTOMATIC = GATE.replace("[gate]\n", '[gate]\npromote = "automatic"\n')
LATER = "2100-01-01"


@contextmanager
def acting(store: Store, actor: str) -> Iterator[None]:
    """Somebody else does what happens inside."""
    before, store.actor = store.actor, actor
    try:
        yield
    finally:
        store.actor = before


def approved(store: Store, request: int, actor: str = "bea", *, name: str = SET) -> Any:
    """What an approval by somebody gives."""
    with acting(store, actor):
        return store.approve(name, request)


def refusal(store: Store, request: int, actor: str = "bea") -> str | None:
    """The code of the error that an approval by somebody ends with."""
    return code_of(lambda: approved(store, request, actor))


def request_by(act: Callable[[], object]) -> int:
    """The request that an action leaves in its place."""
    with pytest.raises(GateError) as caught:
        act()
    assert caught.value.code == "approval_needed"
    return int(str(caught.value.details["request"]))


def promotion(store: Store, version: int, **options: Any) -> int:
    """The request that a promotion leaves."""
    return request_by(lambda: store.promote(SET, version, reason="good", **options))


def waiting(store: Store) -> list[OpenRequest]:
    """What can be approved now."""
    view = store.view()
    return open_requests(view.set(SET), view.present)


def run(store: Store, run_id: str, level: float, day: int) -> Publication:
    """What a run does with its frame."""
    rows, came_from = frame(level), provenance(run_id, day)
    return publish_and_promote(store, SET, rows, came_from, on_step=lambda step, version: None)


@pytest.fixture
def gated(local_store: Store) -> Store:
    """Version 1 in production, approved; version 2 is a candidate. Published by `tester`."""
    define(local_store, more=GATE)
    publish(local_store, "monday")
    approved(local_store, promotion(local_store, 1))
    publish(local_store, "tuesday", 101.0, day=1)
    return local_store


# -- asking and approving
# --------------------------------------------------------------------------------------------------


def test_a_promotion_waits_and_the_last_approval_does_it(store: Store) -> None:
    """Asking leaves one request however often; approving moves the alias in the same transaction,
    and the move says who asked and who approved.
    """
    define(store, more=GATE)
    publish(store, "monday")
    number = promotion(store, 1)
    assert promotion(store, 1) == number
    assert "production" not in store.view().set(SET).aliases
    with pytest.raises(GateError, match=f"estimates approve closes {number}"):
        store.promote(SET, 1, reason="good")
    made = approved(store, number)
    *_, approval, move = store.view().set(SET).events
    assert (approval.kind, approval.actor, move) == ("approved", "bea", made.event)
    assert (move.kind, move.version, move.reason) == ("promoted", 1, "good")
    assert (move.details["asked_by"], move.details["approved_by"]) == ("tester", ["bea"])
    assert waiting(store) == []
    assert refusal(store, number) == "request_over"
    assert verify(store) == []
    check_all(store)


def test_a_lone_person_does_not_defeat_the_gate(gated: Store) -> None:
    """Loosening a limit waits, so that a version which the gate refuses stays refused, whatever
    names its publisher goes by beside the one that the log has.
    """
    publish(gated, "wednesday", 900.0, day=2)
    number = request_by(lambda: define(gated, maximum=1000.0, more=GATE))
    assert len(gated.view().set(SET).contracts) == 1
    assert code_of(lambda: gated.promote(SET, 3, reason="mine")) == "blocked"
    assert refusal(gated, number, "tester") == "not_an_approver"
    assert gated.resolve(SET).version == 1
    (request,) = waiting(gated)
    assert request.loosens == ["columns.value.max: 500.0 → 1000.0"]
    approved(gated, number)
    revision = gated.view().set(SET).contracts[-1]
    assert (revision.revision, revision.actor) == (2, "tester")
    assert gated.contract(SET).columns["value"].max == 1000.0


def test_nobody_approves_what_is_their_own(gated: Store) -> None:
    """Neither the asker nor the publisher, of the same content under another number either; and
    nobody who is none of the approvers.
    """
    with acting(gated, "team-1"):
        gated.publish(SET, frame(101.0), provenance("again", 1))
    with acting(gated, "team-2"):
        number = promotion(gated, 2)
    assert refusal(gated, number, "carl") == "not_an_approver"
    assert refusal(gated, number, "team-2") == "own_request"  # asked for it
    assert refusal(gated, number, "team-1") == "own_request"  # published the same content
    with pytest.raises(RefusedError, match=r"; bea, team-\* may$"):
        approved(gated, number, "team-1")
    assert approved(gated, number, "team-3").event.version == 2


def test_who_published_the_refused_version_does_not_approve_the_rest_of_it(gated: Store) -> None:
    """A version that is carried over is that of whoever published the one it is made of, too."""
    with acting(gated, "bea"):
        gated.publish(SET, frame(102.0), provenance("hers", 1))
    made = gated.carry_over(SET, 3, by="ticker", groups=["AAPL"], reason="AAPL is late")
    number = promotion(gated, made.version.version)
    assert refusal(gated, number, "bea") == "own_request"
    assert approved(gated, number, "team-1").event.version == made.version.version


def test_two_approvals_are_by_two_people(local_store: Store) -> None:
    """The first leaves the request open, the same person twice is one, the second does it."""
    define(local_store, more=TWO)
    publish(local_store, "monday")
    number = promotion(local_store, 1)
    assert approved(local_store, number).missing == 1
    assert refusal(local_store, number) == "already"
    (request,) = waiting(local_store)
    assert (request.approved, request.missing) == (["bea"], 1)
    made = approved(local_store, number, "team-1")
    assert (made.missing, made.event.details["approved_by"]) == (0, ["bea", "team-1"])


def test_approvals_count_by_the_contract_in_force(local_store: Store) -> None:
    """Who is no approver any more has approved nothing; fewer approvals, approved, are enough."""
    define(local_store, more=TWO)
    publish(local_store, "monday")
    number = promotion(local_store, 1)
    approved(local_store, number)
    define(local_store, more=TWO.replace('"bea", ', ""))  # at once: fewer may
    assert waiting(local_store)[0].approved == []
    assert refusal(local_store, number) == "not_an_approver"
    approved(local_store, number, "team-1")
    fewer = request_by(lambda: define(local_store, more=GATE.replace('"bea", ', "")))
    approved(local_store, fewer, "team-1")
    approved(local_store, fewer, "team-2")
    assert approved(local_store, number, "team-1").event.kind == "promoted"


def test_a_request_is_declined_by_an_approver_or_taken_back(gated: Store) -> None:
    """And can be approved no more; others cannot decline it; asking again is a new request."""
    number = promotion(gated, 2)
    with acting(gated, "carl"):
        assert code_of(lambda: gated.decline(SET, number, reason="no")) == "not_an_approver"
    with acting(gated, "bea"):
        gated.decline(SET, number, reason="XOM is wrong")
    assert refusal(gated, number) == "request_over"
    again = promotion(gated, 2)
    assert again != number
    gated.decline(SET, again, reason="my mistake")
    assert waiting(gated) == []
    assert refusal(gated, 4000) == "unknown_request"


# -- what it is bound to
# --------------------------------------------------------------------------------------------------


def move_production(store: Store) -> None:
    """Roll production back and forth."""
    other = promotion(store, 2)
    approved(store, other)
    store.rollback(SET, reason="bad")


def waive_something(store: Store) -> None:
    """Another waiver for the version."""
    waiver = request_by(lambda: store.waive(SET, "psi", 3, reason="known", until=LATER))
    approved(store, waiver)


CHANGES: list[tuple[str, Callable[[Store], object]]] = [
    ("production moved", move_production),
    ("another policy", lambda store: define(store, maximum=400.0, more=GATE)),
    ("other waivers", waive_something),
    ("expired", lambda store: expire(store, 3)),
    ("declined", lambda store: store.decline(SET, waiting(store)[0].id, reason="no")),
]


def expire(store: Store, version: int) -> None:
    """Give a version's files up."""
    store.catalog.expire(store.resolve(SET, version), actor="tester", reason="old")


@pytest.mark.parametrize(("what", "change"), CHANGES)
def test_a_request_is_void_once_something_else_would_be_done(
    gated: Store, what: str, change: Callable[[Store], object]
) -> None:
    """An approval given after the change does nothing, and nothing is recorded of it."""
    publish(gated, "wednesday", 102.0, day=2)
    number = promotion(gated, 3)
    change(gated)
    last = gated.view().last_event
    assert refusal(gated, number) == "request_over", what
    assert gated.view().last_event == last
    assert number not in [request.id for request in waiting(gated)]


def test_production_that_went_away_and_back_has_moved(gated: Store) -> None:
    """Also for another alias: what was asked for was weighed against another history."""
    approved(gated, promotion(gated, 2))
    publish(gated, "wednesday", 102.0, day=2)
    number = promotion(gated, 3, alias="canary")
    gated.rollback(SET, reason="bad")
    approved(gated, promotion(gated, 2))
    assert refusal(gated, number) == "request_over"


def test_a_gap_that_was_filled_changes_what_is_compared(local_store: Store) -> None:
    """A version that was to start anew would be compared with production, and is asked for anew."""
    define(local_store, more=f'{GATE}longest_gap = "3d"\n')
    publish(local_store, "monday")
    approved(local_store, promotion(local_store, 1))
    publish(local_store, "friday", 101.0, day=4)
    number = promotion(local_store, 2)
    publish(local_store, "wednesday", 100.5, day=2)
    assert refusal(local_store, number) == "request_over"
    approved(local_store, promotion(local_store, 2))


def test_who_publishes_the_content_afterwards_has_not_approved(local_store: Store) -> None:
    """An approval counts as long as its giver has no part in the content."""
    define(local_store, more=TWO)
    publish(local_store, "monday")
    number = promotion(local_store, 1)
    assert approved(local_store, number).missing == 1
    with acting(local_store, "bea"):
        publish(local_store, "the same")
    assert waiting(local_store)[0].approved == []
    assert approved(local_store, number, "team-1").missing == 1
    assert approved(local_store, number, "team-2").event.kind == "promoted"


def test_a_request_ends_after_a_week(gated: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever wants it still asks again."""
    number, clock = promotion(gated, 2), instants.now
    monkeypatch.setattr(instants, "now", lambda: clock() + timedelta(days=7, seconds=1))
    assert refusal(gated, number) == "request_over"
    assert approved(gated, promotion(gated, 2)).event.version == 2


def test_a_contract_that_waits_is_void_when_another_came(gated: Store) -> None:
    """It was compared with the one before; what loosens is asked for again."""
    number = request_by(lambda: define(gated, maximum=600.0, more=GATE))
    define(gated, maximum=400.0, more=GATE)
    assert refusal(gated, number) == "request_over"
    assert gated.contract(SET).columns["value"].max == 400.0


def test_a_waiver_waits_and_is_that_of_who_asked(gated: Store) -> None:
    """Approved it is in force, by its asker; the promotion that rests on it waits for itself."""
    publish(gated, "wednesday", 900.0, day=2)
    checks = ("hard_bounds", "p95_change", "jumps", "median_shift")
    numbers = [
        request_by(lambda c=check: gated.waive(SET, c, 3, reason="split", until=LATER))
        for check in checks
    ]
    assert gated.view().set(SET).waivers == []
    for number in numbers:
        approved(gated, number)
    waivers = gated.view().set(SET).waivers
    assert [(waiver.check, waiver.actor) for waiver in waivers] == [(c, "tester") for c in checks]
    assert approved(gated, promotion(gated, 3)).event.version == 3
    keyed = [("AAPL", TARGETS[0])]
    number = request_by(
        lambda: gated.waive(SET, "jumps", 2, keys=keyed, reason="split", until=LATER)
    )
    approved(gated, number)
    assert gated.view().set(SET).waivers[-1].keys == [["AAPL", "2024-06-03"]]
    assert verify(gated) == []


# -- ways around it
# --------------------------------------------------------------------------------------------------


def test_a_run_waits_and_does_not_fail(local_store: Store) -> None:
    """Automatic promotion leaves a request, which a newer version's replaces."""
    define(local_store, more=AUTOMATIC)
    first = run(local_store, "monday", 100.0, 0)
    assert "estimates approve closes" in (first.not_promoted_because or "")
    assert not first.verdict.blocks
    run(local_store, "tuesday", 101.0, 1)
    (request,) = waiting(local_store)
    assert (request.version, request.automatic, request.asked_by) == (2, True, "tester")
    assert approved(local_store, request.id).event.automatic
    assert local_store.resolve(SET).version == 2


def test_a_run_waits_on_beside_what_a_person_asks_for(local_store: Store) -> None:
    """Only a run's own later request takes the place of one."""
    define(local_store, more=AUTOMATIC)
    run(local_store, "monday", 100.0, 0)
    publish(local_store, "by hand", 101.0, day=1)
    by_person = promotion(local_store, 2)
    assert [(r.version, r.automatic) for r in waiting(local_store)] == [(1, True), (2, False)]
    run(local_store, "tuesday", 101.5, 2)
    assert [(r.version, r.automatic) for r in waiting(local_store)] == [(2, False), (3, True)]
    assert waiting(local_store)[0].id == by_person


def test_a_run_that_goes_on_asks_for_the_same(local_store: Store) -> None:
    """The same run_id again finds the request of before."""
    define(local_store, more=AUTOMATIC)
    run(local_store, "monday", 100.0, 0)
    (request,) = waiting(local_store)
    run(local_store, "monday", 100.0, 0)
    assert waiting(local_store) == [request]


def test_a_rollback_needs_no_approval_and_what_comes_after_does(gated: Store) -> None:
    """Back at once; forward again, which ends the hold, waits; so does the way over a removed
    alias, another alias, or a set that was retired.
    """
    approved(gated, promotion(gated, 2))
    gated.rollback(SET, reason="bad")
    assert gated.resolve(SET).version == 1
    assert promotion(gated, 1)  # ends the hold
    gated.remove_alias(SET, "production", reason="gone")
    assert promotion(gated, 2)
    assert promotion(gated, 2, alias="canary")
    gated.retire(SET, reason="old")
    gated.unretire(SET, reason="new")
    assert promotion(gated, 2)
    assert "production" not in gated.view().set(SET).aliases


def test_another_shape_and_an_earlier_release_wait_too(gated: Store) -> None:
    """`--new-shape` is part of what is approved; so is a version that claims an earlier release."""
    wide = '[columns.extra]\nunit = "USD"\n'
    number = request_by(lambda: define(gated, more=wide + GATE))
    approved(gated, number)
    gated.publish(SET, frame(100.0, extra=1.0), provenance("wide", 2))
    assert code_of(lambda: gated.promote(SET, 3, reason="x")) == "other_shape"
    number = promotion(gated, 3, new_shape=True)
    assert "another shape" in waiting(gated)[0].text
    assert approved(gated, number).event.version == 3
    came_from = provenance("early", 3)
    gated.publish(SET, frame(100.5, extra=1.0), came_from, released_at=came_from.data_through)
    assert promotion(gated, 4)


def test_what_tightens_takes_effect_at_once(gated: Store) -> None:
    """A lower limit, more approvals, fewer approvers; each other way waits."""
    define(gated, maximum=400.0, more=TWO)
    assert gated.contract(SET).gate.approvals == 2
    for looser in (GATE, TWO.replace("team-*", "*"), "", TWO + "[gate.checks.psi]\noff = 'no'\n"):
        assert request_by(lambda more=looser: define(gated, maximum=400.0, more=more))
    assert len(gated.view().set(SET).contracts) == 2


def test_an_exception_for_a_day_waits(gated: Store) -> None:
    """It is compared day by day; one that is stricter does not wait."""
    day = '[[gate.exceptions]]\nfrom = 2024-12-24\nreason = "holiday"\n'
    define(gated, more=GATE + day + "[gate.exceptions.checks.p95_change]\nblock = 0.2\n")
    looser = GATE + day + "[gate.exceptions.checks.p95_change]\nblock = 0.9\n"
    request_by(lambda: define(gated, more=looser))
    assert "p95_change on 2024-12-24" in waiting(gated)[0].text


def test_a_family_is_approved_once_for_its_members(local_store: Store) -> None:
    """Its revision waits; approved, it is that of each member; a member by itself waits."""
    text = source("fam", more="[family]\n" + GATE)
    define_family(local_store, parse_contract(text), text)
    for member in ("A", "B"):
        set_of_member(local_store, "fam", member)
    looser = source("fam", maximum=900.0, more="[family]\n" + GATE)
    number = request_by(lambda: define_family(local_store, parse_contract(looser), looser))
    approved(local_store, number, name="fam")
    bounds = {name: local_store.contract(name).columns["value"].max for name in local_store.sets()}
    assert bounds == {"fam": 900.0, "fam.a": 900.0, "fam.b": 900.0}
    own = local_store.view().set("fam.a").contracts[-1].source.replace("max = 900.0", "max = 999.0")
    assert request_by(lambda: local_store.define(parse_contract(own), own))


def test_a_member_does_not_follow_a_family_that_nobody_approved(local_store: Store) -> None:
    """A member that is stricter than its family keeps its gate when the family is defined."""
    text = source("fam", more="[family]\n")
    define_family(local_store, parse_contract(text), text)
    name = set_of_member(local_store, "fam", "A")
    own = local_store.view().set(name).contracts[-1].source + GATE
    local_store.define(parse_contract(own), own)
    other = text.replace("closing prices", "prices at close")
    assert request_by(lambda: define_family(local_store, parse_contract(other), other))
    assert local_store.contract(name).gate.approvals == 1


def test_approvers_of_a_family_do_not_stand_in_for_those_of_a_member(local_store: Store) -> None:
    """A member that is stricter than its family waits for its own approvers, however its family's
    are named meanwhile.
    """
    text = source("fam", more="[family]\n")
    define_family(local_store, parse_contract(text), text)
    name = set_of_member(local_store, "fam", "A")
    own = local_store.view().set(name).contracts[-1].source + GATE
    local_store.define(parse_contract(own), own)
    theirs = source("fam", more='[family]\n[gate]\napprovals = 1\napprovers = ["eve"]\n')
    request_by(lambda: define_family(local_store, parse_contract(theirs), theirs))
    looser = theirs.replace("max = 500.0", "max = 900.0")
    number = request_by(lambda: define_family(local_store, parse_contract(looser), looser))
    request_by(lambda: approved(local_store, number, "eve", name="fam"))
    assert local_store.contract("fam").columns["value"].max == 900.0
    kept = local_store.contract(name)
    assert (kept.columns["value"].max, kept.gate.approvers) == (500.0, ("bea", "team-*"))


def test_a_request_ends_with_its_set(gated: Store) -> None:
    """A promotion that was asked for before the set was retired is void, also once it is back."""
    number = promotion(gated, 2)
    gated.retire(SET, reason="replaced")
    assert waiting(gated) == []
    with pytest.raises(ConflictError, match="the set was retired since") as caught:
        approved(gated, number)
    assert caught.value.code == "request_over"
    gated.unretire(SET, reason="still needed")
    assert refusal(gated, number) == "request_over"
    approved(gated, promotion(gated, 2))
    assert gated.resolve(SET).version == 2


def test_a_request_by_a_clock_that_was_ahead_ends_in_time(
    gated: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for in the year after next, by its clock, it stands for a week from the repair on."""
    gated.catalog.clock_is_right, clock = True, instants.now
    monkeypatch.setattr(instants, "now", lambda: clock() + timedelta(days=400))
    number = promotion(gated, 2)
    monkeypatch.setattr(instants, "now", clock)
    event = gated.repair_clock(number - 1, reason="it was ahead")  # it was judged first
    (request,) = waiting(gated)
    assert event.at < request.until <= event.at + timedelta(days=7)
    monkeypatch.setattr(instants, "now", lambda: clock() + timedelta(days=8))
    assert refusal(gated, number) == "request_over"


def test_verify_names_what_was_not_approved(gated: Store) -> None:
    """A program that writes the catalog past the approvals leaves a log that tells."""
    view = gated.view()
    of_set = view.set(SET)
    gated.catalog.promote(of_set.versions[1], alias="production", seen=of_set, actor="mallory")
    text = source(maximum=900.0, more=GATE)
    gated.catalog.define(parse_contract(text), text, "mallory")
    gated.notify_and_copy()
    faults = [fault for fault in verify(gated) if fault.code == "not_approved"]
    assert [fault.message.split(": ")[0] for fault in faults] == [
        f"event {view.last_event + 1} (promoted by mallory)",
        f"event {view.last_event + 2} (defined by mallory)",
    ]


def test_an_approval_of_something_else_is_none(gated: Store) -> None:
    """What names a request that is done already, somebody who is no approver, or no request at all
    was not approved; and all is read as before.
    """
    number = request_by(lambda: gated.promote(SET, 2, reason="good"))
    approved(gated, number)
    moved = gated.view().set(SET).events[-1]
    forged = structs.replace(moved, version=1, from_version=2, actor="mallory")
    again = forge(gated, forged)
    other = forge(gated, structs.replace(moved, kind="approved", details={"request": 999}))
    first_request = next(event for event in gated.view().set(SET).events if event.id == number)
    ask = forge(gated, structs.replace(first_request, version=1, actor="ana"))
    said = first_request.details | {"request": ask.id, "carried_out": True}
    forge(gated, structs.replace(forged, kind="approved", version=1, alias=None, details=said))
    done = forge(gated, structs.replace(forged, version=1, details={"request": ask.id}))
    faults = [fault for fault in verify(gated) if fault.code == "not_approved"]
    assert [fault.message.split(": ")[0] for fault in faults] == [
        f"event {each.id} (promoted by mallory)" for each in (again, done)
    ]
    assert other.id not in {request.id for request in gated.refresh().set(SET).requests}


@pytest.mark.parametrize(
    "change",
    [
        lambda event: structs.replace(event, details={}),
        lambda event: structs.replace(event, details=event.details | {"act": "override"}),
        lambda event: structs.replace(event, details=event.details | {"about": {"alias": 1}}),
        lambda event: structs.replace(event, details=event.details | {"until": "soon"}),
        lambda event: structs.replace(event, version=999),
        lambda event: structs.replace(event, version=None),
    ],
    ids=["empty", "act", "about", "until", "version", "no version"],
)
def test_a_request_of_another_program_is_passed_over(
    gated: Store, change: Callable[[Event], Event]
) -> None:
    """What a later or a foreign program wrote as a request waits for nobody, and all is read."""
    number = request_by(lambda: gated.promote(SET, 2, reason="good"))
    event = next(event for event in gated.view().set(SET).events if event.id == number)
    odd = forge(gated, change(event))
    view = gated.refresh()
    assert [each.id for each in open_requests(view.set(SET), view.present)] == [number]
    assert shown_details(event)["about"]["alias"] == "production"
    assert isinstance(shown_details(odd), dict)
    assert refusal(gated, odd.id) == "unknown_request"
    verify(gated)
