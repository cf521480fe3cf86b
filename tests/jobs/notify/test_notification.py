"""Notifications: what a receiver is told, how it is signed, what happens while it cannot be
told.
"""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path

import pytest

from estimates.settings import Settings
from estimates.store.store import Store
from tests.builders import SET, define, frame, promoted, publish
from tests.client.stub import stub
from tests.jobs.cli.calls import call
from tests.jobs.notify.receivers import (
    KEY,
    OTHER,
    OTHER_KEY,
    SECRET,
    TAKEN,
    answer,
    documents,
    kinds,
    verified,
)

ACTOR = Settings.from_environment().actor
TOLD = ("judged", "promoted", "rolled_back", "regraded", "waived", "unwaived")
THROUGH = ("--through", "2024-01-02")


# -- what is told


def test_a_promotion_is_told_as_cloud_events_that_are_signed(store: Store) -> None:
    """The verdict that promoting asked for, then the move: documents in full, each with a signature
    that verifies.
    """
    with stub(TAKEN) as receiver:
        done = call(
            "promote",
            SET,
            2,
            "--reason",
            "checked",
            "--notify",
            f"{receiver.url}/hooks/1?team=a%20b",
        )
    assert (done.code, done.err) == (0, "")
    judged, moved = store.view().set(SET).events[-2:]
    common = {"specversion": "1.0", "source": f"/v1/sets/{SET}", "subject": f"{SET}/2"}
    common |= {"datacontenttype": "application/json"}
    first, second = documents(receiver)
    assert first == common | {
        "id": f"{judged.id}-{round(judged.at.timestamp() * 1_000_000)}",
        "type": "estimates.judged",
        "time": judged.at.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": judged.id,
            "at": judged.at.isoformat().replace("+00:00", "Z"),
            "set": SET,
            "kind": "judged",
            "actor": ACTOR,
            "version": 2,
            "blocks": False,
            "details": judged.details,
            "claimed": "ada",
            "failing": [],
        },
    }
    assert second["type"] == "estimates.promoted"
    expected = {
        "version": 2,
        "from_version": 1,
        "alias": "production",
        "actor": ACTOR,
        "claimed": "ada",
        "reason": "checked",
    }
    assert expected.items() <= second["data"].items()
    assert (second["id"], second["subject"]) == (
        f"{moved.id}-{round(moved.at.timestamp() * 1_000_000)}",
        f"{SET}/2",
    )
    for posted, document in zip(receiver.posted, (first, second), strict=True):
        assert posted.line == "POST /hooks/1?team=a%20b"
        assert posted.headers["content-type"] == "application/cloudevents+json"
        assert posted.headers["webhook-id"] == document["id"]
        assert verified(posted)


def test_a_rollback_is_told(store: Store) -> None:
    """Where the alias went back to, from where and why."""
    promoted(store, "third", 102.0)
    with stub(TAKEN) as receiver:
        assert call("rollback", SET, "--reason", "wrong prices", "--notify", receiver.url).code == 0
    (document,) = documents(receiver)
    expected = {"kind": "rolled_back", "version": 1, "from_version": 3, "reason": "wrong prices"}
    assert expected.items() <= document["data"].items()


def test_a_blocking_verdict_names_the_checks(store: Store) -> None:
    """Exit code 1 stays, and the receiver learns which checks block and why; also where promoting
    judged first.
    """
    publish(store, "third", 900.0)
    with stub(TAKEN) as receiver:
        assert call("gate", SET, 3, "--notify", receiver.url).code == 1
        promoted(store, "fourth", 101.0)  # version 3's verdict counts no longer
        assert call("promote", SET, 3, "--reason", "try", "--notify", receiver.url).code == 1
    first, second = documents(receiver)
    verdict = store.verdict(SET, 3)
    assert verdict is not None
    assert {check["name"] for check in first["data"]["failing"]} > {"hard_bounds"}
    failing = {check["name"]: check for check in second["data"]["failing"]}
    assert list(failing) == [check.name for check in verdict.failing()]
    bounds = verdict.check("hard_bounds")
    expected = {
        "status": "fail",
        "value": bounds.value,
        "block": bounds.block,
        "message": bounds.message,
    }
    assert failing["hard_bounds"] == expected | {"name": "hard_bounds"}


def test_publishing_tells_verdict_and_promotion_only(store: Store, tmp_path: Path) -> None:
    """Of what a publication leaves in the log, the receiver hears the decisions."""
    define(store, more='[gate]\npromote = "automatic"')
    frame(102.0).write_parquet(tmp_path / "next.parquet")
    with stub(TAKEN) as receiver:
        file = ("publish", SET, tmp_path / "next.parquet", *THROUGH)
        done = call(*file, "--notify", receiver.url, "--format", "json")
    assert (done.code, done.json["status"], done.json["warnings"]) == (0, "promoted", [])
    assert kinds(receiver) == ["estimates.judged", "estimates.promoted"]


def test_a_waiver_and_its_end_are_told(store: Store) -> None:
    """Which check of which version, by whom, why and until when; and that it was taken back. Signed
    like all others.
    """
    publish(store, "third", 900.0)
    with stub(TAKEN) as receiver:
        where = ("--version", 3, "--until", "2999-01-01", "--notify", receiver.url)
        keys = ("--keys", "AAPL/2024-06-03", "--keys", "AAPL/2024-06-04")
        assert call("waive", SET, "hard_bounds", *keys, "--reason", "a split", *where).code == 0
        waived = store.view().set(SET).events[-1]
        assert (
            call("unwaive", SET, waived.id, "--reason", "no split", "--notify", receiver.url).code
            == 0
        )
    unwaived = store.view().set(SET).events[-1]
    first, second = documents(receiver)
    assert first["id"] == f"{waived.id}-{round(waived.at.timestamp() * 1_000_000)}"
    assert (first["type"], first["subject"], first["source"]) == (
        "estimates.waived",
        f"{SET}/3",
        f"/v1/sets/{SET}",
    )
    details = {"check": "hard_bounds", "keys": 2, "until": "2999-01-01T23:59:59.999999Z"}
    expected = {
        "kind": "waived",
        "actor": ACTOR,
        "claimed": "ada",
        "reason": "a split",
        "version": 3,
        "details": details,
    }
    assert expected.items() <= first["data"].items()
    assert second["type"] == "estimates.unwaived"
    expected = {
        "actor": ACTOR,
        "claimed": "ada",
        "reason": "no split",
        "details": {"waiver": waived.id, "check": "hard_bounds"},
    }
    assert (expected | {"id": unwaived.id}).items() <= second["data"].items()
    assert all(map(verified, receiver.posted))


def test_a_refused_waiver_is_no_news(store: Store) -> None:
    """What is not in the log is not told."""
    with stub(TAKEN) as receiver:
        where = ("--version", 2, "--reason", "x", "--until", "2999-01-01", "--notify", receiver.url)
        assert call("waive", SET, "schema", *where).code == 2
        assert call("unwaive", SET, 999, "--reason", "x", "--notify", receiver.url).code == 2
    assert receiver.posted == []


def test_grades_by_late_actual_values_are_told_once(store: Store, tmp_path: Path) -> None:
    """Each new grade of a verdict, and none when the same actual values come again; other values,
    another grade.
    """
    promoted(store, "third", 102.0)
    publish(store, "fourth", 200.0)
    store.judge(SET, 4)
    observed = {level: tmp_path / f"{level:.0f}.csv" for level in (200.5, 99.0)}
    for level, file in observed.items():
        frame(level).drop("note").write_csv(file)
    with stub(TAKEN) as receiver:
        for level in (200.5, 200.5, 99.0):
            graded = ("--actuals", observed[level], "--regrade")
            assert call("score", SET, *graded, "--notify", receiver.url).code == 0
        shown = call("score", SET, "--notify", receiver.url)
    notices = [
        (d["type"], d["subject"], d["data"]["details"]["grade"]) for d in documents(receiver)
    ]
    assert notices == [
        ("estimates.regraded", f"{SET}/3", "right_pass"),
        ("estimates.regraded", f"{SET}/4", "harmless_block"),
        ("estimates.regraded", f"{SET}/3", "missed_harm"),
        ("estimates.regraded", f"{SET}/4", "right_block"),
    ]
    logged = [event for event in store.view().set(SET).events if event.kind == "regraded"]
    details = [d["data"]["details"] for d in documents(receiver)]
    assert details == [event.details for event in logged]
    assert set(details[0]) == {"grade", "growth", "n", "actuals"}
    assert (shown.code, "--notify tells of grades" in shown.err) == (2, True)


def test_the_setting_stands_in_for_the_option(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler sets ESTIMATES_NOTIFY once; --notify is preferred to it. A file that is judged is
    nobody's news.
    """
    with stub(TAKEN) as usual, stub(TAKEN) as other:
        monkeypatch.setenv("ESTIMATES_NOTIFY", usual.url)
        call("gate", SET, 2)
        call("gate", SET, 2, "--notify", other.url)
        frame(102.0).write_parquet(Path(store.root) / "next.parquet")
        file = ("gate", SET, "--file", Path(store.root) / "next.parquet", *THROUGH)
        assert call(*file).code == 0
        refused = call(*file, "--notify", other.url)
    assert (len(usual.posted), len(other.posted)) == (1, 1)
    assert (refused.code, "--notify belongs to a VERSION" in refused.err) == (2, True)


def test_without_a_secret_nothing_is_signed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unsigned posts have their id and time, and no signature; a user and a password in the URL are
    sent.
    """
    monkeypatch.delenv("ESTIMATES_NOTIFY_SECRET")
    with stub(TAKEN) as receiver:
        call("gate", SET, 2, "--notify", receiver.url.replace("http://", "http://ada:p%40ss@"))
    (posted,) = receiver.posted
    assert "webhook-signature" not in posted.headers
    assert posted.headers["webhook-id"]
    assert posted.headers["authorization"] == "Basic " + base64.b64encode(b"ada:p@ss").decode()


@pytest.mark.parametrize("between", [" ", "\n", "  \t"])
def test_two_secrets_sign_twice(
    store: Store, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    """While a receiver changes its secret, each post has a signature by either."""
    monkeypatch.setenv("ESTIMATES_NOTIFY_SECRET", f"{SECRET}{between}{OTHER}\n")
    with stub(TAKEN) as receiver:
        call("gate", SET, 2, "--notify", receiver.url)
    (posted,) = receiver.posted
    assert verified(posted, KEY, OTHER_KEY)


def test_proxies_of_the_environment_are_used(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver behind a company's proxy gets its whole URL."""
    with stub(TAKEN) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert call("gate", SET, 2, "--notify", "http://hooks.example/services/1?key=2").err == ""
    assert [posted.line for posted in proxy.posted] == [
        "POST http://hooks.example/services/1?key=2"
    ]


# -- what is refused, and what is never told


@pytest.mark.parametrize(
    "url",
    [
        "hush.example",
        "ftp://receiver.example/x",
        "http://",
        "https:///hush",
        "file:///etc/hush",
        "http://ada:hu/sh@x",
    ],
)
@pytest.mark.parametrize("through", ["option", "setting"])
def test_a_url_that_cannot_be_used_is_an_error_before_anything_is_done(
    store: Store, monkeypatch: pytest.MonkeyPatch, url: str, through: str
) -> None:
    """Exit code 2, nothing in the log, and the URL is not repeated: it may hold a password."""
    before = store.view().last_event
    option = ("--notify", url) if through == "option" else ()
    if through == "setting":
        monkeypatch.setenv("ESTIMATES_NOTIFY", url)
    done = call("promote", SET, 2, "--reason", "checked", *option)
    assert (done.code, "[bad_url]" in done.err, store.view().last_event) == (2, True, before)
    assert url not in done.err
    assert "hu" not in done.err


@pytest.mark.parametrize(
    "secret",
    [
        *("hush", "whsec_hush!", "whsec_", " ", f"{SECRET} hush", f"{SECRET},{OTHER}"),
        *("whsec_" + base64.b64encode(b"k" * 23).decode(), base64.b64encode(KEY).decode()),
    ],
)
def test_a_secret_that_cannot_be_used_is_an_error(
    store: Store, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    """Too short, no base64 or without its prefix: exit code 2 before anything is done, and it is
    not repeated.
    """
    monkeypatch.setenv("ESTIMATES_NOTIFY_SECRET", secret)
    with stub(TAKEN) as receiver:
        done = call("gate", SET, 2, "--notify", receiver.url)
    assert (done.code, "[bad_secret]" in done.err, receiver.posted) == (2, True, [])
    assert secret in ("whsec_", " ") or secret.removeprefix("whsec_") not in done.err
    assert SECRET not in done.err


def test_no_secret_is_ever_told(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Neither output nor logs at their most talkative show the secret, the password or the path of
    a URL.
    """
    caplog.set_level(logging.DEBUG)
    with stub(answer(503, retry_after="999"), answer(400)) as receiver:
        url = receiver.url.replace("http://", "http://ada:passw0rd@") + "/services/t0ken?key=t1ken"
        failed = call("gate", SET, 2, "--notify", url, "--debug")
        resent = call("notify", url, "--after", 0, "--debug")
    assert (failed.code, resent.code) == (0, 2)
    assert receiver.posted[0].line == "POST /services/t0ken?key=t1ken"
    told_anywhere = failed.err + failed.text + resent.err + resent.text + caplog.text
    assert "HTTP Request: POST" in caplog.text  # the logs were on
    for secret in (
        "passw0rd",
        "t0ken",
        "t1ken",
        SECRET,
        SECRET[6:],
        base64.b64encode(b"ada:passw0rd").decode(),
    ):
        assert secret not in told_anywhere


# -- again


def test_notify_sends_the_log_again(store: Store) -> None:
    """What was sent before comes once more with its id and its bytes; other events are left out."""
    waiving = ("p95_change", "--version", 2, "--reason", "x", "--until", "2999-01-01")
    with stub(TAKEN) as receiver:
        call("waive", SET, *waiving, "--notify", receiver.url)
        call("promote", SET, 2, "--reason", "checked", "--notify", receiver.url)
        done = call("notify", receiver.url, "--after", 0)
    events = [
        event
        for event in store.view().set(SET).events
        if event.kind in ("judged", "promoted", "waived")
    ]
    before, again = receiver.posted[:3], receiver.posted[3:]
    assert [json.loads(posted.body)["data"]["id"] for posted in again] == [
        event.id for event in events
    ]
    assert [posted.body for posted in again[-3:]] == [posted.body for posted in before]
    assert all(map(verified, again))
    assert done.text == f"{len(events)} events sent; next: --after {events[-1].id}\n"


def test_notify_stops_where_it_is_not_taken(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2 after a refusal, and the id to go on after; going on from there sends the rest,
    and then there is nothing left.
    """
    define(store, "other")
    promoted(store, "other-1", name="other")
    ids = [
        event.id
        for of_set in store.view().sets.values()
        for event in of_set.events
        if event.kind in TOLD
    ]
    with stub(TAKEN, TAKEN, answer(400), TAKEN) as receiver:
        monkeypatch.setenv("ESTIMATES_NOTIFY", receiver.url)
        failed = call("notify", "--after", 0, "--format", "json")
        assert (failed.code, failed.error["code"], failed.error["last"]) == (
            2,
            "receiver_refused",
            sorted(ids)[1],
        )
        rest = call("notify", "--after", failed.error["last"], "--format", "json")
        none = call("notify", "--after", rest.json["last"], "--format", "json")
    sent = [json.loads(posted.body)["data"]["id"] for posted in receiver.posted]
    assert sent == [*sorted(ids)[:3], *sorted(ids)[2:]]
    assert rest.json == {"sent": len(ids) - 2, "last": max(ids)}
    assert none.json == {"sent": 0, "last": max(ids)}


def test_notify_without_a_receiver(store: Store) -> None:
    """Without a URL anywhere it is wrong usage."""
    done = call("notify", "--after", 0)
    assert (done.code, "give a URL, or set ESTIMATES_NOTIFY" in done.err) == (2, True)
