"""Which requests can still be approved, and why others cannot."""

from __future__ import annotations

from typing import Any

import pytest

from estimates import instants
from estimates.catalog.records import Event
from estimates.catalog.set_view import SetView
from estimates.gate.open_requests import (
    act_text,
    counted,
    expected_baseline,
    open_requests,
    promotion_about,
    void_because,
)
from tests.catalog.histories import event, hour, promoted, revision, set_of, version

GATE = '[gate]\napprovals = 2\napprovers = ["bea", "team-*"]\n'
OTHER = GATE + "[gate.checks.jumps]\nblock = 5\n"
BASE = [event(1, "published", 1), event(2, "published", 2), promoted(3, 1)]
VERSIONS = [version(1), version(2)]


def about() -> dict[str, Any]:
    """What the promotion of version 2 is bound to."""
    before = set_of(*BASE, versions=VERSIONS, more=GATE)
    return promotion_about(before, VERSIONS[1], "production", hour(4), new_shape=False)


def wanted(number: int = 4, **fields: Any) -> Event:
    """Somebody wants version 2 promoted."""
    details = {
        "act": "promote",
        "about": about(),
        "digest": "d",
        "until": instants.text(hour(50)),
    }
    return event(
        number, "approval_requested", 2, **({"details": details, "reason": "good"} | fields)
    )


def said(number: int, kind: str, actor: str, **details: Any) -> Event:
    """What somebody says to request 4."""
    return event(number, kind, 2, actor=actor, reason="no", details={"request": 4} | details)


def of_set(*more: Event, gate: str = GATE, **rows: Any) -> SetView:
    """The set after it was asked for, and after more."""
    fields: dict[str, Any] = {"versions": VERSIONS, "more": gate} | rows
    return set_of(*BASE, wanted(), *more, **fields)


def why(view: SetView, now: float = 9) -> str | None:
    """Why the request can be approved no more."""
    return void_because(view, view.requests[0], hour(now))


def test_an_open_request_says_who_may_approve_and_how_many_lack() -> None:
    """Whoever asked, or published, may not; each counts once."""
    view = of_set(
        said(5, "approved", "bea"), said(6, "approved", "bea"), said(7, "approved", "eve")
    )
    (request,) = open_requests(view, hour(9))
    assert (request.id, request.act, request.version) == (4, "promote", 2)
    assert request.text == "promote version 2 to production"
    assert (request.approved, request.missing) == (["bea"], 1)
    assert (request.asked_by, request.reason, request.approvers) == (
        "ann",
        "good",
        ["bea", "team-*"],
    )
    assert "ann" in request.never


def test_approvals_count_of_approvers_alone() -> None:
    """By name or pattern; not of who asked."""
    view = of_set(
        said(5, "approved", "team-x"), said(6, "approved", "ann"), said(7, "approved", "zoe")
    )
    assert counted(view, view.requests[0]) == ["team-x"]


def test_who_asked_approves_nothing_though_an_approver() -> None:
    """Nor does who published the version."""
    view = set_of(
        *BASE, wanted(actor="bea"), said(5, "approved", "bea"), versions=VERSIONS, more=GATE
    )
    assert counted(view, view.requests[0]) == []
    published = [event(1, "published", 1), event(2, "published", 2, actor="team-x"), BASE[2]]
    other = set_of(
        *published, wanted(), said(5, "approved", "team-x"), versions=VERSIONS, more=GATE
    )
    assert counted(other, other.requests[0]) == []


def test_one_that_is_still_missing_is_said_even_where_enough_approved() -> None:
    """The last approval carries it out: until then one is missing."""
    view = of_set(said(5, "approved", "bea"), said(6, "approved", "team-x"))
    (request,) = open_requests(view, hour(9))
    assert request.missing == 1


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ([], None),
        ([said(5, "approval_declined", "bea")], "bea declined it: no"),
        ([said(5, "approved", "bea", carried_out=True)], "bea approved it and it was done"),
        ([promoted(5, 1)], "production moved since"),
        ([event(5, "retired")], "the set was retired since"),
        ([promoted(5, 1, alias="canary")], None),
    ],
)
def test_what_happened_since(more: list[Event], reason: str | None) -> None:
    """Answers end it; so does what would make it something else."""
    assert why(of_set(*more)) == reason


def test_a_request_ends_at_its_time() -> None:
    """That moment is not part of it."""
    assert why(of_set(), 49.9) is None
    assert why(of_set(), 50) == "it ended at 2026-11-26T02:00:00Z"


def test_another_contract_makes_it_void() -> None:
    """One without approvals, or with another policy."""
    assert why(of_set(gate="")) == "the contract asks for no approvals any more"
    assert why(of_set(gate=OTHER)) == "the gate has another policy since"


def test_a_version_that_is_gone_is_not_promoted() -> None:
    """Whatever was approved."""
    gone = [VERSIONS[0], version(2, expired_at=hour(8))]
    assert why(of_set(versions=gone)) == "version 2 expired"


def test_a_run_that_asks_again_takes_the_place_of_its_request() -> None:
    """One of a person stays beside it."""
    newer = wanted(5, automatic=True)
    assert why(set_of(*BASE, wanted(automatic=True), newer, versions=VERSIONS, more=GATE)) == (
        "a run asks for a newer version since"
    )
    assert why(set_of(*BASE, wanted(), newer, versions=VERSIONS, more=GATE)) is None


def test_a_contract_is_approved_over_the_one_that_it_was_compared_with() -> None:
    """A newer one makes it void."""
    details = {
        "act": "define",
        "about": {"over": 1, "body": "{}", "source": ""},
        "digest": "d",
        "until": instants.text(hour(50)),
        "loosens": ["jumps.block", "psi.warn", "nan"],
    }
    request = event(4, "approval_requested", None, details=details)
    first, second = revision(1, GATE), revision(2, GATE)
    assert why(set_of(request, contracts=[first])) is None
    view = set_of(request, contracts=[first, second])
    assert why(view) == "contract revision 2 came since"
    assert act_text(view.requests[0]) == "a contract that loosens jumps.block and 2 more"


def test_a_waiver_names_how_many_keys_it_is_for() -> None:
    """And ends with what it would have waived."""
    policy = about()["policy"]

    def of_waiver(keys: list[list[str]] | None) -> SetView:
        details = {
            "act": "waive",
            "about": {
                "check": "jumps",
                "keys": keys,
                "until": "2026-11-24T20:00:00Z",
                "policy": policy,
            },
            "digest": "d",
            "until": instants.text(hour(50)),
        }
        return set_of(
            *BASE,
            event(4, "approval_requested", 2, details=details),
            versions=VERSIONS,
            more=GATE,
        )

    assert (
        act_text(of_waiver(None).requests[0])
        == "waive jumps of version 2 until 2026-11-24T20:00:00Z"
    )
    assert " for 1 key until" in act_text(of_waiver([["a"]]).requests[0])
    assert " for 2 keys until" in act_text(of_waiver([["a"], ["b"]]).requests[0])
    assert why(of_waiver(None)) is None
    assert why(of_waiver(None), 20) == "the waiver would have ended at 2026-11-24T20:00:00Z"


def test_what_a_version_is_judged_against() -> None:
    """Production of its shape; none after a gap, or where there is none."""
    view = set_of(*BASE, versions=VERSIONS, more=GATE)
    assert expected_baseline(view, VERSIONS[1]) == 1
    assert expected_baseline(view, version(2, shape=2)) is None
    assert expected_baseline(set_of(versions=VERSIONS), VERSIONS[1]) is None
    gap = set_of(*BASE, versions=VERSIONS, more='[gate]\nlongest_gap = "30m"\n')
    assert expected_baseline(gap, VERSIONS[1]) is None
    assert about()["against"] == 1
    assert promotion_about(view, VERSIONS[1], "canary", hour(4), new_shape=True)["new_shape"]
