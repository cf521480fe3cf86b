"""Requests for approvals, as events make them: what counts, what ends them, what is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from estimates import instants
from estimates.catalog.approval_requests import STANDS, requests_of, shown_details
from estimates.catalog.records import Event
from tests.catalog.histories import event, hour

ABOUT: dict[str, dict[str, Any]] = {
    "promote": {"alias": "production", "policy": "p", "waivers": "w", "against": None},
    "waive": {
        "check": "jumps",
        "keys": [["a"], ["b"]],
        "until": "2026-12-01T00:00:00Z",
        "policy": "p",
    },
    "define": {"over": 1, "body": "{}", "source": "name = 'closes'"},
}


def wanted(number: int, act: str = "promote", version: int | None = 1, **details: Any) -> Event:
    """An event that asks for something."""
    known: dict[str, Any] = {
        "act": act,
        "about": ABOUT.get(act, {}),
        "digest": "d",
        "until": instants.text(hour(48)),
        "loosens": ["jumps"],
    }
    return event(number, "approval_requested", version, details=known | details)


def said(number: int, kind: str, request: int, **details: Any) -> Event:
    """An event that approves or declines a request."""
    return event(number, kind, details={"request": request} | details)


PUBLISHED = event(1, "published", 1)


def test_a_request_gathers_what_others_say() -> None:
    """It ends with the approval that carries it out; the newest event about it is its last."""
    yes, last = said(3, "approved", 2), said(4, "approved", 2, carried_out=True)
    (standing,) = requests_of([PUBLISHED, wanted(2), yes])
    assert (standing.id, standing.act, standing.digest) == (2, "promote", "d")
    assert (standing.approved, standing.end, standing.last) == ([yes], None, 3)
    (done,) = requests_of([PUBLISHED, wanted(2), yes, last])
    assert (done.approved, done.end, done.last) == ([yes, last], last, 4)


def test_declining_ends_a_request_and_is_no_approval() -> None:
    """What was approved before stays listed."""
    no = said(4, "approval_declined", 2)
    (request,) = requests_of([PUBLISHED, wanted(2), said(3, "approved", 2), no])
    assert (len(request.approved), request.end, request.last) == (1, no, 4)


@pytest.mark.parametrize(
    "details",
    [
        {"act": "erase", "about": {}},
        {"about": {"alias": "production"}},
        {"until": "soon"},
        {"digest": None},
    ],
)
def test_a_request_of_another_form_counts_for_nothing(details: dict[str, Any]) -> None:
    """As a later program could write it; nothing of it is shown."""
    strange = wanted(2, **details)
    assert requests_of([PUBLISHED, strange, said(3, "approved", 2)]) == []
    assert shown_details(strange) == {}


def test_a_contract_that_loosens_nothing_needs_no_approval() -> None:
    """So a request that says none is none."""
    assert requests_of([wanted(2, "define", None, loosens=[])]) == []
    assert len(requests_of([wanted(2, "define", None)])) == 1


def test_a_version_has_to_be_there_before_it_is_asked_about() -> None:
    """A contract is about none."""
    assert requests_of([wanted(2)]) == []
    assert requests_of([wanted(1), event(2, "published", 1)]) == []
    assert requests_of([PUBLISHED, wanted(2, version=2)]) == []


def test_what_answers_no_request_counts_for_nothing() -> None:
    """Nor does what says no number at all."""
    events = [PUBLISHED, said(2, "approved", 1), event(3, "approved"), wanted(4)]
    (request,) = requests_of(events)
    assert (request.id, request.approved) == (4, [])


def test_a_request_ends_after_seven_days_at_most() -> None:
    """Whatever it says itself."""
    (short,) = requests_of([PUBLISHED, wanted(2)])
    assert short.until == hour(48)
    (long,) = requests_of([PUBLISHED, wanted(2, until=instants.text(hour(9999)))])
    assert long.until == hour(2) + STANDS
    assert timedelta(days=7) == STANDS


def test_everybody_is_shown_less_than_was_asked() -> None:
    """Of a contract not its text, of a waiver how many keys it names; other events are whole."""
    assert shown_details(wanted(2, "define", None))["about"] == {"over": 1}
    shown = shown_details(wanted(2, "waive"))
    assert shown["about"] == ABOUT["waive"] | {"keys": 2}
    assert (shown["act"], shown["digest"]) == ("waive", "d")
    whole = wanted(2, "waive", about=ABOUT["waive"] | {"keys": None})
    assert shown_details(whole)["about"]["keys"] is None
    assert shown_details(said(3, "approved", 2)) == {"request": 2}
