"""`estimates log` on real stores."""

from __future__ import annotations

import pytest

from estimates.store.store import Store
from tests import builders
from tests.builders import SET
from tests.jobs.cli.calls import call, ok


def test_log_tells_who_moved_what_when_and_why(store: Store) -> None:
    """Each event in order, with actor and reason; of one set or of all."""
    store.promote(SET, 2, reason="looked at it")
    builders.define(store, "other")
    events = ok("log", SET, "--store", store.root, "--format", "json").json["events"]
    assert [event["id"] for event in events] == sorted((e["id"] for e in events), reverse=True)
    last = events[0]
    assert (last["kind"], last["actor"], last["reason"]) == ("promoted", "tester", "looked at it")
    shown = ok("log", SET, "--store", store.root).text
    assert "production 1 → 2" in shown
    assert "looked at it" in shown
    assert "other" not in shown
    assert "other" in ok("log", "--store", store.root).text


def test_log_shows_the_newest_since_a_time(store: Store) -> None:
    """`--limit` keeps the newest and says how many are older; `--since` takes durations too."""
    place = ("--store", store.root)
    every = ok("log", "--limit", 0, *place, "--format", "json").json["events"]
    newest = ok("log", "--limit", 2, *place)
    assert f"{len(every) - 2} older events" in newest.text
    two = ok("log", "--limit", 2, *place, "--format", "json").json["events"]
    assert two == every[:2]
    since = ok("log", "--since", every[1]["at"], *place, "--format", "json").json["events"]
    assert since == every[:2]
    assert ok("log", "--since", "1h", *place, "--format", "json").json["events"] == every
    assert "nothing happened since" in ok("log", "--since", "2999-01-01", *place).text
    assert call("log", "--since", "soon", *place).code == 2


def test_log_follows_what_happens(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on with what comes, a line each, until somebody interrupts it."""
    looks = iter((lambda: store.promote(SET, 2, reason="later"), None))

    def look(_: float) -> None:
        act = next(looks)
        if act is None:
            raise KeyboardInterrupt
        act()

    monkeypatch.setattr("estimates_jobs.cli.log.time.sleep", look)
    shown = call("log", SET, "--follow", "--limit", 1, "--store", store.root).text.splitlines()
    assert "production 1 → 2" in shown[-1]
    assert shown[-1].endswith("later")


def test_following_an_hour_without_events_tells_nothing_older(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `--since` leaves nothing, only what comes is shown, not all there ever was."""
    looks = iter((lambda: None, lambda: store.promote(SET, 2, reason="later"), None))

    def look(_: float) -> None:
        act = next(looks)
        if act is None:
            raise KeyboardInterrupt
        act()

    monkeypatch.setattr("estimates_jobs.cli.log.time.sleep", look)
    place = ("--store", store.root)
    shown = call("log", SET, "--follow", "--since", "2999-01-01", *place).text.splitlines()
    assert shown[-1].endswith("later")
    assert not any("published" in line for line in shown)
