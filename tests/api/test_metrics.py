"""/metrics tells Prometheus of every worker's requests, and of each set against its contract."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse

from estimates import Store
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates_api.app import create_app
from estimates_api.serving import worker_metrics
from estimates_api.serving.request_counts import BUCKETS, RequestCounts
from tests.api.served import path_of, serving
from tests.builders import SET, define, frame, make_store, parquet_of, promoted, source
from tests.waiting import until

ONE = path_of(SET, "AAPL", "2024-06-03")
FRESH = "fresh"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
DOCUMENT = Path(__file__).parents[2] / "docs" / "http.md"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one version in production, published just now with data through the first day of
    2024.
    """
    store = make_store(tmp_path / "store")
    define(store, more='[freshness]\ncadence = "1d"\nmax_age = "2d"\n')
    promoted(store, "one")
    return store


@pytest.fixture
def client(store: Store) -> Iterator[TestClient[Any]]:
    """A service that is ready."""
    with TestClient(create_app(store)) as client:
        until(lambda: client.get("/health/ready").status_code == 200)
        yield client


def scraped(text: str) -> Samples:
    """The samples of a scrape, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    """One sample."""
    return samples[f"estimates_{name}", frozenset(labels.items())]


def answered(samples: Samples, route: str, status: str = "200", method: str = "GET") -> float:
    """How many requests were counted."""
    return samples.get(
        (
            "estimates_requests_total",
            frozenset({"route": route, "method": method, "status": status}.items()),
        ),
        0,
    )


def scrape(client: TestClient[Any]) -> Samples:
    """What /metrics tells now."""
    return scraped(client.get("/metrics").text)


def test_requests_are_counted_by_route_method_and_status(client: TestClient[Any]) -> None:
    """By the template of the path, so that no key is ever a label; HEAD and errors on their own."""
    before = scrape(client)
    template, none = "/v1/sets/{set}/estimates/{key}", "none"
    for _ in range(3):
        client.get(ONE)
    client.head(ONE)
    client.get(path_of(SET, "nobody", "2024-06-03"))
    client.get("/nowhere/nobody")
    client.get("/v1//sets")
    after = scrape(client)
    counted = [
        answered(after, route, status, method) - answered(before, route, status, method)
        for route, method, status in (
            (template, "GET", "200"),
            (template, "HEAD", "200"),
            (template, "GET", "404"),
            (none, "GET", "404"),
            (none, "GET", "400"),
        )
    ]
    assert counted == [3, 1, 1, 1, 1]
    assert "nobody" not in client.get("/metrics").text


def test_what_clients_make_up_adds_no_series(client: TestClient[Any]) -> None:
    """Unknown routes and methods are counted together, however many there are."""
    client.get("/nowhere")
    client.request("BREW", "/nowhere")
    known = set(scrape(client))
    for number in range(5):
        client.get(f"/nowhere/{number}")
        client.request(f"BREW{number}", f"/nowhere/{number}")
    assert {name for name in set(scrape(client)) - known if "/metrics" not in str(name)} == set()


@given(st.lists(st.floats(0, 20), max_size=50))
def test_a_latency_is_in_the_first_bucket_that_holds_it(seconds: list[float]) -> None:
    """Prometheus' rule: a bucket counts what is at most its end; the last one counts the rest."""
    counts = RequestCounts()
    for taken in seconds:
        counts.observe("/", "GET", 200, taken)
    expected: list[int] = []
    low = -1.0
    for end in (*BUCKETS, float("inf")):
        expected.append(sum(low < taken <= end for taken in seconds))
        low = end
    row = counts.rows.get(("/", "GET", 200), [0.0] * (len(BUCKETS) + 2))
    assert row[:-1] == expected
    assert row[-1] == pytest.approx(sum(seconds))


def test_a_histogram_counts_every_answer_of_a_route_once(client: TestClient[Any]) -> None:
    """Its last bucket, its count and the answers of all statuses are the same number."""
    client.get(ONE)
    client.get(path_of(SET, "nobody", "2024-06-03"))
    samples = scrape(client)
    route = "/v1/sets/{set}/estimates/{key}"
    count = value(samples, "request_seconds_count", route=route)
    assert count == value(samples, "request_seconds_bucket", route=route, le="+Inf")
    assert count == sum(
        number for (name, labels), number in samples.items()
        if name == "estimates_requests_total" and ("route", route) in labels
    )  # fmt: skip
    assert value(samples, "request_seconds_sum", route=route) > 0


def test_each_set_stands_against_its_contract(store: Store, client: TestClient[Any]) -> None:
    """Ages, what the contract allows, stale, overdue; a set that promises nothing has no stale."""
    text = source(FRESH)
    store.define(parse_contract(text), text)
    began = time.time()
    store.publish(FRESH, frame(7.0), Provenance(datetime.now(UTC) - timedelta(hours=1), "fresh"))
    store.judge(FRESH, 1)
    store.promote(FRESH, 1, reason="test")
    until(lambda: ("estimates_set_serving_version", frozenset({("set", FRESH)})) in scrape(client))
    samples, passed = scrape(client), time.time() - began
    assert value(samples, "set_stale", set=SET) == 1
    assert value(samples, "set_overdue", set=SET) == 0
    assert value(samples, "set_max_age_seconds", set=SET) == 2 * 86400
    assert value(samples, "set_cadence_seconds", set=SET) == 86400
    assert value(samples, "set_data_age_seconds", set=SET) > 2 * 86400
    assert 3600 <= value(samples, "set_data_age_seconds", set=FRESH) <= 3600 + passed
    assert 0 <= value(samples, "set_published_age_seconds", set=FRESH) <= passed
    assert value(samples, "set_production_version", set=FRESH) == 1
    assert ("estimates_set_stale", frozenset({("set", FRESH)})) not in samples
    assert value(samples, "events_total", set=FRESH, kind="promoted") == 1
    assert value(samples, "last_event") == store.catalog.last_event()
    parts = [store.lookups.known.get(store.resolve(name)).parts for name in (SET, FRESH)]
    assert value(samples, "read_files") == len(parts[0]) + len(parts[1])


def test_deadlines_are_told(store: Store, client: TestClient[Any]) -> None:
    """The next one, none missed of none that passed; a retired set says only that it is."""
    due = f"{datetime.now(ZoneInfo('Europe/Zurich')) + timedelta(hours=12):%H:%M} Europe/Zurich"
    define(store, "due", more=f'[freshness]\ndue = "{due}"\n')
    promoted(store, "one", name="due")
    # both are known once production is
    until(lambda: ("estimates_set_overdue", frozenset({("set", "due")})) in scrape(client))
    samples = scrape(client)
    assert value(samples, "set_deadlines", set="due") == 0
    assert value(samples, "set_overdue", set="due") == 0
    store.retire("due", reason="replaced")
    until(lambda: ("estimates_set_retired", frozenset({("set", "due")})) in scrape(client))
    assert ("estimates_set_overdue", frozenset({("set", "due")})) not in scrape(client)


def test_a_rollback_holds(store: Store, client: TestClient[Any]) -> None:
    """The alias is held until a person promotes."""
    promoted(store, "two", 101.0, day=1)
    store.rollback(SET, reason="looked wrong")
    until(lambda: value(scrape(client), "set_held", set=SET, alias="production") == 1)
    store.promote(SET, 2, reason="it was right")
    until(lambda: value(scrape(client), "set_held", set=SET, alias="production") == 0)


def test_damage_is_told(store: Store, client: TestClient[Any]) -> None:
    """Production points to a version that cannot be read: a fault, and the version that answers."""
    version = store.publish(SET, frame(101.0), Provenance(datetime.now(UTC), "two"))
    seen = store.view().set(SET)
    (Path(store.root) / parquet_of(store, version)).write_bytes(b"nothing")
    store.catalog.promote(version, alias="production", seen=seen, actor="tester", reason="test")
    until(lambda: value(scrape(client), "set_faults", set=SET) == 1)
    samples = scrape(client)
    assert (
        value(samples, "set_production_version", set=SET),
        value(samples, "set_serving_version", set=SET),
    ) == (2, 1)
    assert value(samples, "set_stale", set=SET) == 1


def test_a_catalog_that_is_away_is_told(store: Store, client: TestClient[Any]) -> None:
    """Errors are counted, and the last time the catalog was read stands still; reads go on."""
    path = Path(store.root) / "catalog.db"
    store.catalog.engine.dispose()
    path.rename(path.with_name("away.db"))
    path.mkdir()
    try:
        until(lambda: value(scrape(client), "catalog_errors_total") > 1)
        read = value(scrape(client), "catalog_read_timestamp_seconds")
        assert 0 < time.time() - read < 600
        assert client.get(ONE).status_code == 200
    finally:
        path.rmdir()
        path.with_name("away.db").rename(path)


def test_formats(client: TestClient[Any]) -> None:
    """The plain text format, or OpenMetrics for whoever asks; never kept."""
    plain = client.get("/metrics")
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert plain.headers["cache-control"] == "no-cache"
    headers = {"accept": "application/openmetrics-text; version=1.0.0; q=0.9, text/plain; q=0.5"}
    opened = client.get("/metrics", headers=headers)
    assert opened.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert {family.name for family in parse_open(opened.text)} == {
        family.name for family in parse(plain.text)
    }


def test_every_metric_is_documented(client: TestClient[Any]) -> None:
    """docs/http.md has a row for each name."""
    text = DOCUMENT.read_text()
    assert [
        family.name
        for family in parse(client.get("/metrics").text)
        if f"`{family.name}" not in text
    ] == []


def test_a_scrape_sees_all_workers(store: Store) -> None:
    """Whichever worker answers gives the sum, once the others wrote theirs; afterwards nothing is
    left in the cache.
    """
    assert worker_metrics.INTERVAL_S < 1
    route = "/v1/sets/{set}/estimates/{key}"
    with (
        serving(Path(store.root), 2) as url,
        httpx.Client(base_url=url, headers={"connection": "close"}) as client,
    ):
        for _ in range(50):
            client.get(ONE)

        def counts() -> set[float]:
            return {answered(scraped(client.get("/metrics").text), route) for _ in range(20)}

        until(lambda: counts() == {50})
        assert value(scraped(client.get("/metrics").text), "workers") == 2
    assert list((Path(store.root) / "cache" / "workers").iterdir()) == []


def test_what_a_dead_worker_left_is_not_counted(store: Store) -> None:
    """A tally that no process holds is removed at the next start and at the next scrape."""
    workers = Path(store.root) / "cache" / "workers"
    (workers / "elsewhere-1").mkdir(parents=True)
    (workers / "elsewhere-1" / "7-left.tally").write_bytes(b"left over")
    with TestClient(create_app(store)) as client:
        assert not (workers / "elsewhere-1").exists()
        own = next(workers.iterdir())
        assert own.name.endswith(f"-{os.getppid()}")
        (own / "8-left.tally").write_bytes(b"left over")
        assert value(scrape(client), "workers") == 1
        assert not (own / "8-left.tally").exists()


def test_the_template_is_the_route_whatever_the_key(client: TestClient[Any]) -> None:
    """Keys with slashes, signs and other alphabets are one series."""
    client.get(ONE)
    known = set(scrape(client))
    for key in ("a/b", "日本", "%"):
        client.get(
            f"/v1/sets/{SET}/estimates/{quote(key, safe='')}/2024-06-03", params={"ref": "1"}
        )
    assert {
        name
        for name in set(scrape(client)) - known
        if "/estimates/" in str(name) and "404" not in str(name)
    } == set()
