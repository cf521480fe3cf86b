"""The requests that a server shows as it starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from estimates import instants
from estimates.store.store import Store
from estimates_api.serving.example_requests import example_requests, pages
from tests.builders import SET, define, frame, make_store, provenance

_URL = "http://localhost:8000"
_BASE = f"{_URL}/v1/sets/{SET}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three versions were in production, of which the first is again; a ticker has a slash."""
    store = make_store(tmp_path_factory.mktemp("examples") / "store")
    define(store)
    for i in range(3):
        rows = frame(100.0 + i).with_columns(pl.col("ticker").replace("AAPL", "A/B &"))
        version = store.publish(SET, rows, provenance(f"run {i}"))
        store.judge(SET, version.version)
        store.promote(SET, version.version, reason="test")
    store.rollback(SET, to=2, reason="test")
    yield store
    store.catalog.engine.dispose()


def test_keys_that_are_there(store: Store) -> None:
    """Each part is one segment, whatever it has."""
    commands = {request.title: request.command for request in example_requests(store, _URL)}
    assert commands["one estimate"] == f"curl -s {_BASE}/estimates/A%2FB%20%26/2024-06-03"
    assert commands["all of one ticker"] == f"curl -s '{_BASE}/estimates?ticker=A%2FB%20%26'"
    assert commands["one key through the versions"].endswith("/history/A%2FB%20%26/2024-06-03")


def test_before_the_rollback(store: Store) -> None:
    """What production said before it went back, and which versions it pointed to last."""
    commands = {request.title: request.command for request in example_requests(store, _URL)}
    earlier = commands["as of just before the rollback: version 3"]
    moment = earlier.partition("as_of=")[2].partition(" ")[0]
    assert store.resolve(SET, as_of=instants.parse(moment)).version == 3
    assert commands["how stable the estimates are"] == f"curl -s '{_BASE}/diff?from=2&to=3'"
    assert [page.url for page in pages(store, _URL)] == [
        f"{_URL}/",
        f"{_URL}/sets/{SET}",
        f"{_URL}/sets/{SET}/diff/2/3",
        f"{_URL}/docs",
    ]


def test_tokens(store: Store) -> None:
    """Where a service wants one, every request sends it."""
    requests = example_requests(store, _URL, tokens=True)
    assert all(request.command.endswith('Bearer $ESTIMATES_TOKEN"') for request in requests)


def test_nothing_in_production(tmp_path: Path) -> None:
    """Then there is nothing to ask for, and the pages are those of the service."""
    store = make_store(tmp_path / "store")
    define(store)
    assert example_requests(store, _URL) == []
    assert [page.title for page in pages(store, _URL)] == ["every set", "the API"]
