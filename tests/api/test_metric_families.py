"""What Prometheus is told of several workers, and of the sets that it may be told of."""

from __future__ import annotations

from typing import Any

import pytest

from estimates import Store, instants
from estimates.catalog.view import View
from estimates_api.http.metric_families import ServiceMetrics
from estimates_api.serving.request_counts import BUCKETS
from estimates_api.serving.targets import Fault
from estimates_api.serving.worker_metrics import WorkerMetrics
from tests.builders import SET, define, promoted

ROUTE = "/v1/sets"
FAULT = Fault(SET, "production", 1, "file_damaged", None)


def worker(**settings: Any) -> WorkerMetrics:
    """A worker that has answered nothing, but for what is set."""
    nothing: dict[str, Any] = {
        "requests": [],
        "streams": 0,
        "read_files": 0,
        "errors": 0,
        "read_at": None,
        "last_event": None,
        "faults": [],
    }
    return WorkerMetrics(**nothing | settings)


def answered(*in_buckets: int, seconds: float) -> list[float]:
    """Counters of so many requests, from the fastest bucket on."""
    row = [*map(float, in_buckets)]
    return [*row, *[0.0] * (len(BUCKETS) + 1 - len(row)), seconds]


def samples(
    *workers: WorkerMetrics, view: View | None = None, hidden: str = ""
) -> dict[tuple[str, ...], float]:
    """The samples by name and labels; a set may be hidden."""
    metrics = ServiceMetrics(
        [*workers], view, instants.now(), lambda _name: [], lambda name: name != hidden
    )
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics.collect()
        for sample in family.samples
    }


def test_requests_of_workers_are_summed() -> None:
    """By route, method and status; the latency of a route is that of all its answers, and each
    bucket counts what is faster, too.
    """
    values = samples(
        worker(requests=[(ROUTE, "GET", 200, answered(2, 1, seconds=0.5))]),
        worker(
            requests=[
                (ROUTE, "GET", 200, answered(0, 3, seconds=0.25)),
                (ROUTE, "GET", 404, answered(1, seconds=0.25)),
            ]
        ),
    )
    assert values["estimates_requests_total", ROUTE, "GET", "200"] == 6
    assert values["estimates_requests_total", ROUTE, "GET", "404"] == 1
    name = "estimates_request_seconds_bucket"
    assert [values[name, ROUTE, str(edge)] for edge in BUCKETS[:3]] == [3, 7, 7]
    assert (values[name, ROUTE, "+Inf"], values["estimates_request_seconds_sum", ROUTE]) == (7, 1.0)


def test_the_worker_that_is_behind_is_told() -> None:
    """The oldest read and the oldest event; a worker that has not read yet hides no other."""
    values = samples(
        worker(read_at=20.0, last_event=7, streams=1, errors=1),
        worker(read_at=10.0, last_event=9, streams=2),
        worker(),
    )
    assert values["estimates_workers",] == 3
    assert values["estimates_event_streams",] == 3
    assert values["estimates_catalog_errors_total",] == 1
    assert values["estimates_catalog_read_timestamp_seconds",] == 10.0
    assert values["estimates_last_event",] == 7


def test_a_catalog_that_was_never_read_has_no_time() -> None:
    """A zero would be the year 1970, and an alert of another kind."""
    values = samples(worker())
    assert ("estimates_catalog_read_timestamp_seconds",) not in values
    assert ("estimates_last_event",) not in values


@pytest.fixture
def view(local_store: Store) -> View:
    """One set with a version in production, and one without versions."""
    define(local_store)
    define(local_store, "empty")
    promoted(local_store, "one")
    return local_store.view()


def test_a_fault_counts_once_however_many_workers_meet_it(view: View) -> None:
    """It is the alias that cannot be read."""
    values = samples(worker(faults=[FAULT]), worker(faults=[FAULT]), view=view)
    assert values["estimates_set_faults", SET] == 1
    assert values["estimates_set_faults", "empty"] == 0


def test_a_set_without_production_has_no_version_there(view: View) -> None:
    """Nothing answers, and no number says that something does."""
    values = samples(worker(), view=view)
    assert values["estimates_set_production_version", SET] == 1
    assert values["estimates_set_versions", "empty"] == 0
    assert ("estimates_set_production_version", "empty") not in values


def test_a_hidden_set_is_named_nowhere(view: View) -> None:
    """Neither its numbers nor its events nor its faults."""
    values = samples(worker(faults=[FAULT]), view=view, hidden=SET)
    assert any("empty" in labels for labels in values)
    assert not any(SET in labels for labels in values)
