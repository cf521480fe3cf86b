"""`estimates log` on real stores."""

from __future__ import annotations

from estimates.store.store import Store
from tests import builders
from tests.builders import SET
from tests.jobs.cli.calls import ok


def test_log_tells_who_moved_what_when_and_why(store: Store) -> None:
    """Each event in order, with actor and reason; of one set or of all."""
    store.promote(SET, 2, reason="looked at it")
    builders.define(store, "other")
    events = ok("log", SET, "--store", store.root, "--format", "json").json["events"]
    assert [event["id"] for event in events] == sorted(event["id"] for event in events)
    last = events[-1]
    assert (last["kind"], last["actor"], last["reason"]) == ("promoted", "tester", "looked at it")
    shown = ok("log", SET, "--store", store.root).text
    assert "production 1 → 2" in shown
    assert "looked at it" in shown
    assert "other" not in shown
    assert "other" in ok("log", "--store", store.root).text
