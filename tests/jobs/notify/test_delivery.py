"""Delivery: receivers that are slow, late, busy, away or unwilling."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from estimates.errors import InvalidError
from estimates.store.store import Store
from estimates_jobs.notify import delivery
from tests.builders import SET, frame, promoted
from tests.client.stub import Scripted, stub
from tests.dripping import dripping
from tests.jobs.cli.calls import call, call_process
from tests.jobs.notify.receivers import TAKEN, answer, kinds, verified
from tests.ports import free_port
from tests.waiting import LONGEST_S, until


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it is waited between two posts."""
    made: list[float] = []
    pause = delivery.Patience.pause

    def noted(patience: delivery.Patience, seconds: float) -> bool:
        made.append(seconds)
        return pause(patience, seconds)

    monkeypatch.setattr(delivery.Patience, "pause", noted)
    return made


def test_a_url_that_is_no_utf8_is_refused() -> None:
    """As any text that is no URL; it is not repeated."""
    with pytest.raises(InvalidError, match="go to a URL") as refused:
        delivery.Receiver("/hush\udcff", None)
    assert refused.value.code == "bad_url"
    assert "hush" not in refused.value.message


def test_a_receiver_that_is_busy_is_asked_again(store: Store, pauses: list[float]) -> None:
    """503 and 429 are tried again after the pause that Retry-After asks for; id and body stay, the
    signature is new.
    """
    with stub(answer(503), answer(429, retry_after="2"), TAKEN) as receiver:
        done = call("gate", SET, 2, "--notify", receiver.url)
    assert (done.code, done.err) == (0, "")
    assert len({(posted.headers["webhook-id"], posted.body) for posted in receiver.posted}) == 1
    assert len(receiver.posted) == 3
    assert pauses[0] < 1 < 2 <= pauses[1] <= receiver.pauses_s[1]
    assert len({posted.headers["webhook-signature"] for posted in receiver.posted}) > 1
    assert all(map(verified, receiver.posted))


def test_a_receiver_that_starts_late_is_reached(store: Store, pauses: list[float]) -> None:
    """A refused connection is tried again."""
    port, done = free_port(), threading.Event()

    def serve() -> None:
        until(lambda: pauses)  # the first attempt was refused
        with stub(TAKEN, port=port) as receiver:
            done.wait(LONGEST_S)
            told_of.extend(kinds(receiver))

    told_of: list[str] = []
    serving = threading.Thread(target=serve)
    serving.start()
    called = call("gate", SET, 2, "--notify", f"http://127.0.0.1:{port}")
    done.set()
    serving.join()
    assert (called.code, called.err, told_of) == (0, "", ["estimates.judged"])


def test_a_receiver_that_sends_a_byte_a_second_is_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head that never ends: the command ends in time and says that nobody took it."""
    monkeypatch.setattr(delivery, "PATIENCE_S", 2.0)
    began = time.monotonic()
    with dripping("HTTP/1.1 200 OK\r\nx: ", 0.5) as url:
        done = call("gate", SET, 2, "--notify", url)
    assert done.code == 0
    assert "not notified" in done.err
    assert time.monotonic() - began < 60


def test_a_slow_receiver_does_not_delay_the_promotion(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alias moves while the receiver still thinks about the verdict, which it does until then;
    both are delivered in the end.
    """
    with stub(TAKEN) as receiver:
        answers = receiver.next

        def when_it_has_moved(line: str, condition: str | None) -> Scripted:
            until(lambda: Store(store.root).resolve(SET).version == 2)
            return answers(line, condition)

        monkeypatch.setattr(receiver, "next", when_it_has_moved)
        done = call("promote", SET, 2, "--reason", "checked", "--notify", receiver.url)
    assert (done.code, done.err) == (0, "")
    assert kinds(receiver) == ["estimates.judged", "estimates.promoted"]


@pytest.mark.stack
def test_a_receiver_that_never_answers_costs_seconds_and_a_warning(store: Store) -> None:
    """The command ends with its own exit code, at most about five seconds later, and the process is
    not held.
    """
    with stub(answer(204, after_s=90)) as receiver:
        begin = time.monotonic()
        done = call_process("promote", SET, 2, "--reason", "checked", "--notify", receiver.url)
        took_s = time.monotonic() - begin
    assert (done.code, store.resolve(SET).version) == (0, 2)
    assert took_s < 60
    judged, moved = store.view().set(SET).events[-2:]
    assert done.err.startswith(
        f"warning: not notified: events {judged.id}, {moved.id} to {receiver.url}: no answer yet"
    )
    assert f"estimates notify URL --after {judged.id - 1}" in done.err
    assert b"production is version 2" in done.out


def test_nobody_listening_is_a_warning(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that stays refused: the exit code is that of the work, and the line says what to
    do.
    """
    url = f"http://127.0.0.1:{free_port()}"
    chances = iter([True, True, False])  # the time is over when it has waited twice
    monkeypatch.setattr(delivery.Patience, "pause", lambda *_: next(chances))
    done = call("gate", SET, 2, "--notify", url)
    assert (done.code, list(chances)) == (0, [])
    (line,) = done.err.splitlines()
    last = store.view().last_event
    assert line.startswith(
        f"warning: not notified: event {last} to {url}: [Errno 111] Connection refused; later: "
    )
    assert line.endswith(f"estimates notify URL --after {last - 1}  [undelivered]")


def test_a_warning_names_the_first_of_many_events(store: Store, tmp_path: Path) -> None:
    """Seven grades that nobody took: five ids, how many more there are, and where to go on."""
    for number in range(3, 10):
        promoted(store, f"run {number}", 100.0 + number / 10)
    frame(101.5).drop("note").write_csv(tmp_path / "observed.csv")
    with stub(answer(400)) as receiver:
        graded = ("--actuals", tmp_path / "observed.csv", "--regrade")
        done = call("score", SET, *graded, "--notify", receiver.url)
    ids = [event.id for event in store.view().set(SET).events if event.kind == "regraded"]
    assert (done.code, len(ids), len(receiver.posted)) == (0, 7, 7)
    assert f"not notified: events {', '.join(map(str, ids[:5]))} and 2 more to " in done.err
    assert f"--after {ids[0] - 1}" in done.err


def test_warnings_for_programs(store: Store, tmp_path: Path) -> None:
    """With --format json standard error has one JSON object a line, and publish lists the warning
    in its answer.
    """
    frame(102.0).write_parquet(tmp_path / "next.parquet")
    with stub(answer(400)) as receiver:
        published = call(
            "publish", SET, tmp_path / "next.parquet", "--notify", receiver.url, "--format", "json"
        )
        moved = call(
            "promote", SET, 2, "--reason", "x", "--notify", receiver.url, "--format", "json"
        )
    (warning,) = published.json["warnings"]
    assert json.loads(published.err.splitlines()[0]) == {
        "warning": {"code": "undelivered", "message": warning}
    }
    assert "status 400" in warning
    assert (moved.code, moved.json["kind"]) == (0, "promoted")
    assert json.loads(moved.err)["warning"]["code"] == "undelivered"


@pytest.mark.parametrize("status", [302, 307, 400, 401, 404, 410])
def test_a_refusal_is_not_repeated(store: Store, status: int) -> None:
    """What the receiver does not want is posted once; a redirect leads nowhere."""
    with stub(TAKEN) as elsewhere, stub(answer(status, location=elsewhere.url)) as receiver:
        done = call("gate", SET, 2, "--notify", receiver.url)
    assert (done.code, len(receiver.posted), len(elsewhere.posted)) == (0, 1, 0)
    assert f"status {status}" in done.err


def test_a_long_pause_is_not_waited_for(store: Store) -> None:
    """A receiver that asks for more patience than there is gets no second attempt, and the command
    ends at once.
    """
    with stub(answer(503, retry_after="3600")) as receiver:
        begin = time.monotonic()
        done = call("gate", SET, 2, "--notify", receiver.url)
    assert (len(receiver.posted), time.monotonic() - begin < LONGEST_S / 2) == (1, True)
    assert "status 503, and it asks for 3600 s of patience" in done.err


def test_one_refused_event_does_not_hold_the_next(store: Store) -> None:
    """The promotion is told although the verdict was not taken, and the warning names the verdict
    alone.
    """
    with stub(answer(400), TAKEN) as receiver:
        done = call("promote", SET, 2, "--reason", "checked", "--notify", receiver.url)
    judged, _ = store.view().set(SET).events[-2:]
    assert kinds(receiver) == ["estimates.judged", "estimates.promoted"]
    assert f"not notified: event {judged.id} to" in done.err
