"""The rows of runs: begun, gone on with, listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.catalog import Catalog
from estimates.store.store import Store
from tests.builders import SET, code_of

THROUGH = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def runs(local_store: Store) -> Catalog:
    """The catalog of an empty store: runs need no set."""
    return local_store.catalog


def test_a_run_goes_on_where_it_stopped(runs: Catalog) -> None:
    """The same id gives its row back, running again; its step stays."""
    begun = runs.begin_run("r", SET, THROUGH)
    assert (begun.status, begun.step, begun.finished_at) == ("running", "compute", None)
    runs.update_run("r", step="judge", version=3)
    runs.update_run("r", status="failed", error="no_job", message="there is none", finished=True)
    failed = runs.run("r")
    assert failed is not None
    assert (failed.status, failed.error, failed.message) == ("failed", "no_job", "there is none")
    assert failed.finished_at is not None
    again = runs.begin_run("r", SET, THROUGH)
    assert again == runs.run("r")
    assert (again.status, again.step, again.version) == ("running", "judge", 3)
    assert (again.finished_at, again.started_at) == (None, begun.started_at)


def test_an_id_is_of_one_set_and_one_moment(runs: Catalog) -> None:
    """Another one's is refused, and changes nothing."""
    runs.begin_run("r", SET, THROUGH)
    runs.update_run("r", status="promoted")
    for name, through in ((SET, THROUGH + timedelta(days=1)), ("others", THROUGH)):
        assert code_of(lambda n=name, t=through: runs.begin_run("r", n, t)) == "run_id_reused"
    assert (run := runs.run("r")) is not None
    assert run.status == "promoted"
    assert code_of(lambda: runs.begin_run("a\0b", SET, THROUGH)) == "bad_text"
    assert runs.run("a") is None


def test_a_status_clears_an_earlier_error(runs: Catalog) -> None:
    """A step alone does not, and what is not given stays."""
    runs.begin_run("r", SET, THROUGH)
    runs.update_run("r", status="failed", error="no_job", message="m", mlflow_run="abc")
    runs.update_run("r", step="publish")
    assert (run := runs.run("r")) is not None
    assert (run.error, run.message, run.step) == ("no_job", "m", "publish")
    runs.update_run("r", status="running")
    assert (run := runs.run("r")) is not None
    assert (run.error, run.message, run.mlflow_run) == (None, None, "abc")


def test_words_that_may_name_a_key_are_forgotten_of_one_set(runs: Catalog) -> None:
    """Codes stay."""
    for name, run_id in ((SET, "a"), ("others", "b")):
        runs.begin_run(run_id, name, THROUGH)
        runs.update_run(run_id, status="failed", error="bad_value", message="ann is 200")
    runs.forget_messages(SET)
    rows = {run.run_id: (run.error, run.message) for run in runs.runs(None)}
    assert rows == {"a": ("bad_value", None), "b": ("bad_value", "ann is 200")}


def test_pins_add_up(runs: Catalog) -> None:
    """By source; the last version of one counts, and another run has its own."""
    runs.begin_run("r", SET, THROUGH)
    runs.begin_run("s", SET, THROUGH)
    for source, version in (("prices", "1"), ("sales", "7"), ("prices", "2")):
        runs.pin("r", source, version)
    assert (run := runs.run("r")) is not None
    assert run.pins == {"prices": "2", "sales": "7"}
    assert (other := runs.run("s")) is not None
    assert other.pins is None


def test_the_newest_run_comes_first_and_the_future_last(runs: Catalog) -> None:
    """A row from a clock that was ahead hides none."""
    now = instants.now()
    for run_id, days in (("old", -2), ("new", -1), ("ahead", 30), ("new2", -1)):
        runs.begin_run(run_id, SET if run_id != "old" else "others", THROUGH)
        table = schema.runs
        moved = table.update().where(table.c.run_id == run_id)
        with runs.engine.begin() as tx:
            tx.execute(moved.values(started_at=now + timedelta(days=days)))
    assert [run.run_id for run in runs.runs(None)] == ["new", "new2", "old", "ahead"]
    assert [run.run_id for run in runs.runs(None, 2)] == ["new", "new2"]
    assert [run.run_id for run in runs.runs(SET)] == ["new", "new2", "ahead"]
