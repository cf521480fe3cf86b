"""What needs approvals is asked for once, and not done."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.errors import GateError
from estimates.store.request_approval import all_waiting, ask
from estimates.store.store import Store
from tests.builders import SET, code_of, define, publish

GATE = '[gate]\napprovals = 2\napprovers = ["bea", "team-*"]\n'
ABOUT = {"alias": "production", "policy": "p", "waivers": "w", "against": None}


def wanted(store: Store, about: dict[str, Any] = ABOUT, **more: Any) -> GateError | None:
    """Ask for a promotion of version 1."""
    try:
        ask(store, store.view().set(SET), "promote", about, **({"version": 1} | more))
    except GateError as error:
        return error
    return None


def test_where_nothing_has_to_be_approved_nothing_is_asked(local_store: Store) -> None:
    """No event, no error."""
    define(local_store)
    publish(local_store, "first")
    assert wanted(local_store) is None
    assert local_store.catalog.last_event() == 2


def test_a_request_says_who_has_to_approve_it(local_store: Store) -> None:
    """With its number, its end and the command."""
    define(local_store, more=GATE)
    publish(local_store, "first")
    error = wanted(local_store, reason="good")
    assert error is not None
    assert (error.code, error.details["request"]) == ("approval_needed", 3)
    assert error.details["approvers"] == ["bea", "team-*"]
    assert error.message == (
        "closes: request 3, asked by tester, waits for 2 approvals by bea, team-*: promote version "
        "1 to production; estimates approve closes 3"
    )
    local_store.refresh()
    event = local_store.view().set(SET).events[-1]
    assert (event.kind, event.version, event.reason) == ("approval_requested", 1, "good")
    assert len(event.details["digest"]) == 64


def test_what_cannot_be_approved_any_more_is_asked_for_anew(local_store: Store) -> None:
    """Here: it is bound to another policy than the one in force, so each time."""
    define(local_store, more=GATE)
    publish(local_store, "first")
    numbers = [
        error.details["request"] for error in (wanted(local_store), wanted(local_store)) if error
    ]
    assert numbers == [3, 4]


def test_the_same_again_is_the_same_request(local_store: Store) -> None:
    """Through the store, which binds it to what is in force."""
    define(local_store, more=GATE)
    publish(local_store, "first")
    local_store.judge(SET, 1)
    codes = [code_of(lambda: local_store.promote(SET, 1, reason="r")) for _ in range(2)]
    assert codes == ["approval_needed"] * 2
    local_store.refresh()
    assert [request.id for request in local_store.view().set(SET).requests] == [4]
    other = code_of(lambda: local_store.promote(SET, 1, reason="r", alias="canary"))
    assert other == "approval_needed"
    local_store.refresh()
    assert [request.id for request in local_store.view().set(SET).requests] == [4, 5]


def test_several_that_wait_are_one_error() -> None:
    """A single one stays as it is."""
    errors = [GateError("approval_needed", f"m{n}", request=n) for n in (3, 5)]
    assert all_waiting(SET, errors[:1]) is errors[0]
    both = all_waiting(SET, errors)
    assert (both.code, both.details["requests"]) == ("approval_needed", [3, 5])
    assert both.message == (
        "closes: requests 3, 5 wait for approvals; estimates approve closes 3; estimates approve "
        "closes 5"
    )


def test_what_a_contract_loosens_stands_in_its_request(local_store: Store) -> None:
    """So that whoever approves it knows."""
    define(local_store, more=GATE)
    about = {"over": 1, "body": "{}", "source": ""}
    view = local_store.view().set(SET)
    with pytest.raises(GateError, match="a contract that loosens jumps and 1 more"):
        ask(local_store, view, "define", about, loosens=["jumps", "psi"])
    local_store.refresh()
    assert local_store.view().set(SET).events[-1].details["loosens"] == ["jumps", "psi"]
