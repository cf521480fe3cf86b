"""`estimates status` on real stores."""

from __future__ import annotations

import socket
import time
from datetime import datetime, timedelta

import polars as pl
import pytest

from estimates import instants
from estimates.catalog.punctuality import NextDeadline
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.storage.objects import Objects
from estimates.store.store import Store
from estimates_jobs.notify.deadline_notification import deadline_notifications
from tests import builders
from tests.builders import SET
from tests.jobs.cli.calls import call, ok

FRESH = '[freshness]\ncadence = "1d"\nmax_age = "3d"\n'


def test_status_of_a_set_answers_how_often_it_is_updated(store: Store) -> None:
    """Last version, production and its age, cadence, next expected, verdict, hold."""
    store.judge(SET, 2)
    store.promote(SET, 2, reason="good")
    store.rollback(SET, reason="not good")
    freshness = ok("status", SET, "--store", store.root, "--format", "json").json["sets"][0]
    published = store.resolve(SET, 3).published_at
    assert freshness["newest"]["version"] == 3
    assert freshness["newest"]["outcome"] is None
    assert freshness["production"]["version"] == 1
    assert (freshness["production"]["held"], freshness["production"]["held_because"]) == (
        True,
        "not good",
    )
    assert instants.parse(freshness["next_expected"]) == published + timedelta(days=1)
    assert freshness["stale"] is True
    assert freshness["problems"] == ["stale", "held"]
    shown = ok("status", SET, "--store", store.root).text
    for expected in ("held: not good", "3d: stale", "every 1d", "3 versions"):
        assert expected in shown


def test_status_says_soon_that_the_storage_does_not_answer(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a bucket whose server takes connections and is silent it answers what the catalog
    knows, and does not wait as long as a command that needs the bucket.
    """
    builders.define(local_store)
    builders.promoted(local_store, "first")
    monkeypatch.setattr("estimates_jobs.cli.status.BRIEFLY_S", 1)
    monkeypatch.setattr(Objects.__init__, "__defaults__", (60,))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "ESTIMATES_CATALOG": str(local_store.catalog.engine.url),
        }.items():
            monkeypatch.setenv(name, value)
        started = time.monotonic()
        text = ok("status", "--store", "s3://bucket/estimates").text
        assert time.monotonic() - started < 60
    assert SET in text
    assert "not compared with the log in the storage" in text
    assert "no answer in time" in text


def test_status_check_exits_1_when_stale_or_nothing_is_promoted(local_store: Store) -> None:
    """Data older than the contract's maximum age, or nothing promoted, is the answer no; fresh data
    is not.
    """
    text = 'name = "scores"\n[key.customer]\ntype = "string"\n[columns.score]\n' + FRESH
    local_store.define(parse_contract(text), text)
    check = ("status", "--check", "--store", local_store.root)
    assert call(*check).code == 1
    _promote_scores(local_store, "r1", instants.now() - timedelta(days=10))
    assert call(*check).code == 1
    assert call("status", "--store", local_store.root).code == 0
    _promote_scores(local_store, "r2", instants.now() - timedelta(days=2))
    assert call(*check).code == 0
    builders.define(local_store)
    called = call(*check)
    assert called.code == 1
    assert "nothing promoted" in called.text
    assert call("status", "scores", "--check", "--store", local_store.root).code == 0


def test_status_has_a_line_a_set_the_worst_first(local_store: Store) -> None:
    """Problems, then what waits for somebody, then the quiet ones; retired sets where asked for."""
    for name in ("quiet", "waiting", "held", "gone"):
        builders.define(local_store, name)
        builders.promoted(local_store, f"{name} 1", name=name)
    builders.publish(local_store, "waiting 2", 101.0, name="waiting", day=1)
    local_store.judge("waiting", 2)
    builders.promoted(local_store, "held 2", 101.0, name="held", day=1)
    local_store.rollback("held", reason="wrong")
    local_store.retire("gone", reason="replaced")
    place = ("--store", local_store.root)
    lines = ok("status", *place).text.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["set", "held", "waiting", "quiet"]
    assert "version 2 passes and is not promoted" in lines[2]
    assert ok("status", "--retired", *place).text.splitlines()[4].endswith("retired")
    assert call("status", "--check", *place).code == 1
    assert call("status", "--check", "--excuse", "held", *place).code == 0
    detail = ok("status", "waiting", *place).text
    assert 'next: estimates promote waiting 2 --reason "…"' in " ".join(detail.split())


def test_a_failed_run_is_seen(local_store: Store) -> None:
    """The last run counts, not an earlier one; what it said is in the detail."""
    builders.define(local_store)
    builders.promoted(local_store, "r1")
    through = instants.parse("2026-11-24T00:00:00Z")
    local_store.catalog.begin_run("night", SET, through)
    local_store.catalog.update_run(
        "night", status="failed", error="job_failed", message="no rows", finished=True
    )
    place = ("--store", local_store.root)
    assert call("status", "--check", *place).code == 1
    assert call("status", "--check", "--excuse", "failed", *place).code == 0
    detail = " ".join(ok("status", SET, *place).text.split())
    assert "night failed in compute" in detail
    assert f"estimates runs {SET} night" in detail
    local_store.catalog.begin_run("again", SET, through)
    local_store.catalog.update_run("again", status="promoted", version=1, finished=True)
    assert call("status", "--check", *place).code == 0
    assert "MLflow does not have 1 run" in ok("status", *place).text


def test_deadlines_are_told(local_store: Store) -> None:
    """`--slo` says how many were met; a receiver is told of a missed one under one id."""
    now = instants.now()
    clock = f"{now + timedelta(hours=2):%H:%M} UTC"
    builders.define(local_store, more=f'[freshness]\ndue = "{clock}"\n')
    builders.promoted(local_store, "r1")
    place = ("--store", local_store.root)
    shown = ok("status", SET, "--slo", "90d", *place).text
    assert "no deadline passed since" in shown
    assert "the next one is met" in shown
    status = ok("status", SET, "--slo", "90d", *place, "--format", "json").json["sets"][0]
    assert status["deadline"]["missed"] is None
    assert status["punctuality"]["deadlines"] == 0
    coming = NextDeadline(now, now + timedelta(hours=1), 60.0, now, True)
    messages = list(deadline_notifications(SET, coming))
    assert [message.id.split("-")[0] for message in messages] == [
        "deadline_missed",
        "deadline_at_risk",
    ]
    assert messages == list(deadline_notifications(SET, coming))


def _promote_scores(store: Store, run_id: str, data_through: datetime) -> None:
    frame = pl.DataFrame(
        {"customer": ["0042", "0007"], "score": [0.5, 0.1 if run_id == "r1" else 0.101]}
    )
    version = store.publish("scores", frame, Provenance(data_through, run_id))
    store.promote("scores", version.version, reason="test")


def test_without_a_maximum_age_nothing_is_stale(local_store: Store) -> None:
    """What a contract does not say is not checked."""
    builders.define(local_store)
    builders.promoted(local_store, "r1")
    assert call("status", "--check", "--store", local_store.root).code == 0
    assert "not checked" in ok("status", SET, "--store", local_store.root).text


def test_empty_stores_and_sets_say_so(local_store: Store) -> None:
    """Nothing there yet is an answer in words, not an empty table."""
    root = local_store.root
    assert "no sets yet" in ok("status", "--store", root).text
    assert "nothing has happened" in ok("log", "--store", root).text
    builders.define(local_store)
    assert "no versions yet" in ok("versions", SET, "--store", root).text
    assert "no runs yet" in ok("runs", SET, "--store", root).text
    assert ok("runs", SET, "--store", root, "--format", "json").json["runs"] == []
