"""`estimates gate` on real stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates import instants
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.verdict import render_json
from estimates.store.store import Store
from tests.builders import SET, define, frame, promoted, publish
from tests.jobs.cli.calls import call


def test_gate_judges_keeps_the_verdict_and_exits_1_when_it_blocks(store: Store) -> None:
    """A verdict is stored; text and JSON are renderings of it; a blocking one exits 1 and names the
    keys.
    """
    passing = call("gate", SET, 2, "--store", store.root, "--now", "2024-01-03T00:00:00Z")
    assert passing.code == 0
    verdict = store.verdict(SET, 2)
    assert verdict is not None
    assert passing.text == render_text(verdict)
    assert instants.text(verdict.judged_at) == "2024-01-03T00:00:00Z"
    blocking = call("gate", SET, 3, "--store", store.root, "--format", "json")
    assert blocking.code == 1
    refused = store.verdict(SET, 3)
    assert refused is not None
    assert blocking.out == render_json(refused)
    assert "AAPL" in call("gate", SET, 3, "--store", store.root).text


def test_the_verdict_on_record_is_shown_until_it_is_wanted_again(local_store: Store) -> None:
    """One that still counts makes no event; the exit code is its own."""
    define(local_store)
    promoted(local_store, "one", 100.0)
    publish(local_store, "two", 900.0)
    words = ("gate", SET, 2, "--store", local_store.root)
    assert call(*words).code == 1
    events = local_store.refresh().last_event
    shown = call(*words)
    assert (shown.code, shown.text.count("--again judges it anew")) == (1, 1)
    assert local_store.refresh().last_event == events
    assert call(*words, "--again").code == 1
    assert local_store.refresh().last_event == events + 1
    assert call("gate", SET, "--file", "f.csv", "--again", "--store", local_store.root).code == 2


@pytest.mark.parametrize(
    ("what", "code"),
    [(("nosuch", "--file", "x.csv"), "unknown_set"), ((SET, 99), "unknown_version")],
)
def test_what_does_not_exist_is_a_failed_test_too(
    store: Store, tmp_path: Path, what: tuple[object, ...], code: str
) -> None:
    """Where there is no such set or version, JUnit has a failure that says so; the exit code is
    2.
    """
    written = tmp_path / "gate.xml"
    done = call("gate", *what, "--store", store.root, "--write", f"junit={written}")
    assert done.code == 2
    assert f'type="{code}"' in written.read_text()


def test_a_file_is_judged_as_of_a_time_that_lies_ahead(local_store: Store, tmp_path: Path) -> None:
    """`--now` takes the place of the clock, for the last moment of the data, too."""
    define(local_store)
    promoted(local_store, "one", 100.0)
    file = tmp_path / "new.parquet"
    frame(101.0).write_parquet(file)
    words = ("gate", SET, "--file", file, "--store", local_store.root, "--format", "json")
    ahead = call(*words, "--through", "2099-12-24", "--now", "2099-12-28T03:00:00Z")
    assert ahead.code == 1  # by then no key lies ahead of the data any more
    assert ahead.json["judged_at"] == "2099-12-28T03:00:00Z"
    later = call(*words, "--through", "2099-12-29", "--now", "2099-12-28T03:00:00Z")
    assert (later.code, later.error["code"]) == (2, "future")
    twice = [call(*words, "--now", "2026-01-01T00:00:00Z").out for _ in range(2)]
    assert twice[0] == twice[1]
