"""`estimates repair-clock`, and commands on a machine whose clock is wrong."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates import instants
from estimates.catalog.at import At
from estimates.store.store import Store
from tests.builders import SET, define, frame, promoted, publish
from tests.conftest import PostgreSQL
from tests.faked_clock import clock_ahead
from tests.jobs.cli.calls import call, call_process, ok

pytestmark = pytest.mark.slow


def publishing(store: Store, tmp_path: Path, level: float) -> tuple[str, ...]:
    """The command that publishes a table."""
    file = tmp_path / f"{level}.csv"
    frame(level).write_csv(file)
    assert pl.read_csv(file).height == 6
    return ("publish", SET, str(file), "--store", store.root, "--format", "json")


def test_one_command_400_days_ahead_is_refused_and_when_forced_repaired(
    local_store: Store, tmp_path: Path
) -> None:
    """A machine whose clock is 400 days ahead writes nothing before somebody vouches for it; what
    it then wrote is repaired by one command of a machine whose clock is right.
    """
    define(local_store)
    promoted(local_store, "one")
    publish(local_store, "two", 100.1)
    wrong, place = clock_ahead(400), ("--store", local_store.root)
    names, last = local_store.objects.names("sets"), local_store.view().last_event
    called = call_process(*publishing(local_store, tmp_path, 100.2), **wrong)
    assert (called.code, called.error["code"]) == (2, "clock_jump")
    assert "400 days after the last event" in called.error["message"]
    assert (local_store.objects.names("sets"), local_store.refresh().last_event) == (names, last)
    promote = ("promote", SET, 2, "--reason", "good", *place)
    assert call_process(*promote, **wrong).code == 2
    assert call_process(*promote, "--clock-is-right", **wrong).code == 0
    assert "ahead of this machine's clock" in ok("status", *place).text
    assert local_store.refresh().resolve(SET, At(as_of=instants.now())).version == 1
    called = call("repair-clock", 1, "--reason", "build-3", *place, "--format", "json")
    assert (called.code, called.error["code"]) == (2, "not_the_first")
    first = next(e.id for e in local_store.view().events() if e.at > instants.now())
    shown = ok("repair-clock", first, "--reason", "build-3", *place).text
    assert f"from {first} on count as before" in shown
    assert local_store.refresh().resolve(SET, At(as_of=instants.now())).version == 2
    assert "ahead" not in ok("status", *place).text
    log = ok("log", *place).text
    assert f"clock repaired: events from {first} on count as before this one" in log
    assert ok("verify", *place).code == 0


def test_a_database_contradicts_a_clock_that_is_ahead(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """With PostgreSQL a machine whose clock is a day ahead writes nothing, vouched for or not."""
    with postgresql.database() as url:
        store = Store(tmp_path, catalog=url)
        define(store)
        last, files = store.view().last_event, store.objects.names("")
        command = publishing(store, tmp_path, 100.1)
        files = store.objects.names("")
        called = call_process(*command, "--clock-is-right", ESTIMATES_CATALOG=url, **clock_ahead(1))
        assert (called.code, called.error["code"]) == (2, "clock_differs")
        assert (store.objects.names(""), store.refresh().last_event) == (files, last)
        store.catalog.engine.dispose()
