"""What has to be so still when an approval commits, whoever looked before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from estimates import instants
from estimates.catalog.approval_requests import ApprovalRequest
from estimates.errors import GateError
from estimates.store.store import Store
from tests.builders import SET, code_of, define, publish

GATE = '[gate]\napprovals = 2\napprovers = ["bea", "cyd", "dan"]\n'


@pytest.fixture
def request_of(local_store: Store) -> ApprovalRequest:
    """A promotion that waits for two approvals, as somebody looked at it."""
    define(local_store, more=GATE)
    publish(local_store, "monday")
    with pytest.raises(GateError):
        local_store.promote(SET, 1, reason="good")
    (request,) = local_store.refresh().set(SET).requests
    return request


def approve(store: Store, request: ApprovalRequest, actor: str) -> str | None:
    """The code of the error that an approval ends with."""
    newest = store.view().set(SET).contracts[-1]
    return code_of(lambda: store.catalog.approve(request, newest, actor=actor, reason=None))


def test_what_was_approved_since_is_looked_at_again(
    local_store: Store, request_of: ApprovalRequest
) -> None:
    """Of two approvals of a request as both saw it, one counts; so does no decline after it."""
    assert approve(local_store, request_of, "bea") is None
    assert approve(local_store, request_of, "cyd") == "request_changed"
    decline = local_store.catalog.decline
    assert code_of(lambda: decline(request_of, actor="dan", reason="no")) == "request_changed"
    (seen,) = local_store.refresh().set(SET).requests
    assert [event.actor for event in seen.approved] == ["bea"]
    assert approve(local_store, seen, "cyd") is None


def test_an_approval_comes_in_time_by_the_clock_of_its_event(
    local_store: Store, request_of: ApprovalRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of its week it is over, a moment before it is not."""
    monkeypatch.setattr(instants, "now", lambda: request_of.until)
    assert approve(local_store, request_of, "bea") == "request_over"
    assert local_store.refresh().set(SET).requests[0].approved == []
    monkeypatch.setattr(instants, "now", lambda: request_of.until - timedelta(seconds=1))
    assert approve(local_store, request_of, "bea") is None


def test_the_same_is_asked_for_once(local_store: Store, request_of: ApprovalRequest) -> None:
    """Two who ask at once have one request; something else is another one."""
    of_set = local_store.view().set(SET)
    ask, about = local_store.catalog.request_approval, request_of.event.details
    wanted = {"actor": "eve", "version": 1, "reason": "good", "automatic": False}
    same = ask(of_set.contracts[-1], about, **wanted, seen_event=request_of.id - 1)
    assert same.id == request_of.id
    other = ask(
        of_set.contracts[-1], about | {"digest": "0" * 64}, **wanted, seen_event=request_of.id - 1
    )
    assert other.id > same.id
