"""`estimates approve` and `decline` on a real store: what asks, who is told, exit codes."""

from __future__ import annotations

import pwd

import pytest

from estimates.store.store import Store
from tests.builders import SET, define, publish
from tests.jobs.cli.calls import call, ok

GATE = '[gate]\napprovals = 1\napprovers = ["bea", "carl"]\n'


@pytest.fixture
def gated(local_store: Store) -> Store:
    """Version 1, published by `tester`, in a set that asks for approvals."""
    define(local_store, more=GATE)
    publish(local_store, "monday")
    local_store.judge(SET, 1)
    return local_store


def by(monkeypatch: pytest.MonkeyPatch, actor: str) -> None:
    """Who runs the commands from here on."""
    monkeypatch.setattr(
        pwd, "getpwuid", lambda uid: pwd.struct_passwd((actor, "x", uid, uid, "", "", ""))
    )


def test_a_promotion_is_asked_for_listed_and_approved(
    gated: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1 and one line that says what to do; `status` lists it; `approve` does it; `log`
    says who did what.
    """
    at = ("--store", gated.root)
    by(monkeypatch, "ana")
    ask = call("promote", SET, 1, "--reason", "good", *at, "--format", "json")
    assert (ask.code, ask.error["code"]) == (1, "approval_needed")
    number = ask.error["request"]
    assert call("promote", SET, 1, "--reason", "good", *at).code == 1
    listed = ok("status", *at).text
    assert "ana wants to promote version 1 to production" in " ".join(listed.split())
    (waits,) = ok("status", SET, *at, "--format", "json").json["sets"][0]["waiting"]
    assert waits["remedy"] == f"estimates approve {SET} {number}"
    assert (waits["what"], waits["who"]) == ("approval", "bea, carl")
    monkeypatch.setenv("ESTIMATES_ACTOR", "bea")
    refused = call("approve", SET, number, *at, "--format", "json")
    assert (refused.code, refused.error["code"]) == (2, "not_an_approver")  # a claim is none
    monkeypatch.delenv("ESTIMATES_ACTOR")
    by(monkeypatch, "bea")
    assert "production is version 1" in ok("approve", SET, number, *at).text
    log = " ".join(ok("log", SET, *at).text.split())
    assert f"request {number}: promote version 1 to production ana good" in log
    assert f"request {number} approved bea" in log
    assert "production → 1, as ana asked bea good" in log


def test_waivers_and_contracts_are_asked_for(
    gated: Store, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Several checks are several requests of one command; a contract says what it loosens."""
    at = ("--store", gated.root)
    by(monkeypatch, "ana")
    until = ("--reason", "split", "--until", "2100-01-01")
    ask = call("waive", SET, "jumps", "psi", "--version", 1, *until, *at, "--format", "json")
    assert (ask.code, ask.error["code"], len(ask.error["requests"])) == (1, "approval_needed", 2)
    file = tmp_path_factory.mktemp("contract") / "closes.toml"
    text = gated.view().set(SET).contracts[-1].source
    file.write_text(text.replace("max = 500.0", "max = 900.0"))
    ask = call("define", file, *at)
    assert ask.code == 1
    assert "loosens columns.value.max: 500.0 → 900.0" in ask.err
    by(monkeypatch, "carl")
    for number in (*ask_numbers(gated),):
        ok("approve", SET, number, *at)
    assert gated.refresh().set(SET).contract.columns["value"].max == 900.0
    assert len(gated.view().set(SET).waivers) == 2


def ask_numbers(store: Store) -> list[int]:
    """The requests of the set, oldest first."""
    return [request.id for request in store.refresh().set(SET).requests]


def test_a_request_is_declined(gated: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """By who asked for it or may approve it; it is listed no more."""
    at = ("--store", gated.root)
    by(monkeypatch, "ana")
    call("promote", SET, 1, "--reason", "good", *at)
    (number,) = ask_numbers(gated)
    by(monkeypatch, "dan")
    assert call("decline", SET, number, "--reason", "no", *at).code == 2
    by(monkeypatch, "bea")
    assert "is declined" in ok("decline", SET, number, "--reason", "no", *at).text
    refused = call("approve", SET, number, *at)
    assert refused.code == 1
    assert "bea declined it: no" in refused.err
    assert "promote version 1" not in ok("status", SET, *at).text.partition("passes")[0]
