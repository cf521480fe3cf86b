"""How new the data of a run are: recorded with its inputs, the end of what it may see, judged."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from estimates import instants
from estimates.catalog.freshness import freshness
from estimates.contract.contract_file import parse_contract
from estimates.contract.job_inputs import Input
from estimates.store.store import Store
from estimates_jobs.run.calendars import calendar_of
from estimates_jobs.run.context import data_reach
from estimates_jobs.run.inputs import newest_moment
from estimates_jobs.run.runner import run
from tests.jobs.cli.calls import call

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CONTRACT = """
name = "demand"
[key.item]
type = "string"
[columns.p]
[freshness]
max_age = "3d"
[gate]
promote = "automatic"
[job]
function = "newest_data_job:job"
[job.inputs.sold]
source = "sold.csv"
time = "day"
[job.inputs.prices]
source = "prices.csv"
time = "at"
[job.inputs.names]
source = "names.csv"
static = true
"""
JOB = """
import polars as pl
def job(context):
    for name in ("prices", "names"):
        context.input(name)
    return context.input("sold").group_by("item").agg(p=pl.col("n").sum().cast(pl.Float64))
"""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    Path("newest_data_job.py").write_text(JOB)
    Path("sold.csv").write_text(
        "item,day,n\na,2022-05-01,100\nb,2022-05-01,100\na,2022-05-03,1\nb,2022-05-03,1\n"
    )
    Path("prices.csv").write_text("item,at,price\na,2022-05-02T10:00:00,1\n")
    Path("names.csv").write_text("item,name\na,Anna\n")


@pytest.mark.parametrize(
    ("rows", "calendar", "newest"),
    [
        ("2022-05-03\n2022-05-01", None, "2022-05-03T23:59:59.999999Z"),
        ("2022-05-03\n2022-05-01", "XNYS", "2022-05-03T20:00:00Z"),
        ("2022-05-01", "XNYS", "2022-05-01T23:59:59.999999Z"),  # a Sunday
        ("2022-05-03T10:00:00+02:00", None, "2022-05-03T08:00:00Z"),
        ("2022-05-03\n2027-01-01", None, "2022-05-03T23:59:59.999999Z"),
        ("2026-11-29\n2026-11-30", None, "2026-11-29T12:00:00Z"),
    ],
)
def test_the_newest_moment_of_an_input_is_one_that_has_passed(
    rows: str, calendar: str | None, newest: str
) -> None:
    """A date stands for its end or its session's close; rows of the future count for nothing."""
    Path("one.csv").write_text(f"day\n{rows}\n")
    spec = Input(source="one.csv", time="day")
    moment = newest_moment("one", spec, NOW, calendar_of(calendar) if calendar else None)
    assert moment == instants.parse(newest)


def test_an_input_without_rows_or_time_has_no_newest_moment() -> None:
    """An empty input, and a static one, say nothing of how new data are."""
    Path("one.csv").write_text("day,n\n")
    assert newest_moment("one", Input(source="names.csv", static=True), NOW) is None
    query = "SELECT CAST(day AS DATE) AS day FROM 'sold.csv' WHERE n > 500"
    assert newest_moment("one", Input(query=query, time="day"), NOW) is None


def test_a_run_goes_as_far_as_its_data_and_a_dead_feed_is_stale(local_store: Store) -> None:
    """Without --through the oldest of the newest times counts; of a later data_through the version
    is stale all the same, and status, explain and the answer say how new its data are.
    """
    store, contract = local_store, parse_contract(CONTRACT)
    store.define(contract, CONTRACT)
    newest = datetime(2022, 5, 2, 10, tzinfo=UTC)
    assert data_reach(contract) == newest
    outcome, verdict = run(store, "demand", run_id="r1")
    assert outcome.data_through == newest
    assert next(c for c in verdict.checks if c.name == "freshness").status == "warn"
    by_name = {
        entry.name: entry.newest
        for entry in store.view().set("demand").versions[0].provenance.inputs
    }
    assert by_name == {
        "names": None,
        "prices": newest,
        "sold": datetime(2022, 5, 1, 23, 59, 59, 999999, tzinfo=UTC),
    }
    now = instants.now()
    run(store, "demand", data_through=now, run_id="r2")
    assert store.view().set("demand").versions[1].newest_data == newest
    fresh = freshness(store.view().set("demand"), now)
    assert (fresh.data_through, fresh.newest_data, fresh.stale) == (now, newest, True)
    assert fresh.stale_from == newest + timedelta(days=3)
    answer = store["demand"].get("a")
    assert answer.body["newest_data"] == "2022-05-02T10:00:00Z"
    where = ("--store", store.root)
    shown = call("status", "demand", *where).text
    assert re.search(r"newest data +2022-05-02T10:00:00Z", shown)
    explained = call("explain", "demand", "a", *where).text
    assert "newest of 2022-05-02T10:00:00Z" in explained
    assert "newest data of 2022-05-02T10:00:00Z" in call("get", "demand", "a", *where).text
