"""A store whose root is a URL: the same code without a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates import InvalidError, Store
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.storage.objects import Objects
from estimates.store.open_store import catalog_url
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import SET, code_of, define, make_store, promoted, publish
from tests.invariants import check_all

CONTRACT = """
name = "scores"
[key.customer]
type = "string"
[columns.score]
"""
THROUGH = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(
    params=[
        pytest.param("s3", marks=pytest.mark.slow),
        pytest.param("ceph", marks=pytest.mark.stack),
    ]
)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """A store in a bucket; its catalog and cache are elsewhere."""
    server = request.getfixturevalue(request.param)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    with request.getfixturevalue("postgresql").database() as url:
        made = make_store(f"s3://{server.bucket()}/store", url, cache=tmp_path / "cache")
        yield made
        made.catalog.engine.dispose()


def test_a_store_at_a_url_publishes_promotes_and_reads(store: Store) -> None:
    """Publish, judge, promote, read by key, SQL and verify work where the root is a URL."""
    store.define(parse_contract(CONTRACT), CONTRACT)
    for number, value in enumerate((0.5, 0.51), 1):
        frame = pl.DataFrame({"customer": ["a", "b"], "score": [value, 0.25]})
        store.publish("scores", frame, Provenance(THROUGH, f"run-{number}"))
        store.promote("scores", number, reason="test")
    assert store["scores"].get("a")["score"] == 0.51
    assert store.sql(
        "SELECT version, score FROM scores WHERE customer = 'a' ORDER BY version"
    ).rows() == [
        (1, 0.5),
        (2, 0.51),
    ]
    assert verify(store) == []
    assert sweep(store).deleted == ()
    check_all(store)


def test_a_sweep_empties_a_bucket_of_what_expired(store: Store) -> None:
    """Expired files go to the trash, what is published again is whole, and so is the log."""
    define(store)
    for number, level in enumerate((100.0, 100.1, 100.2), 1):
        promoted(store, f"run-{number}", level)
    store.catalog.expire(store.resolve(SET, 1), actor="test", reason="test")
    assert len(sweep(store, grace=timedelta(0)).deleted) == 1
    assert publish(store, "again").version == 4
    check_all(store)
    assert verify(store) == []


def test_a_bucket_needs_a_catalog_of_its_own() -> None:
    """A root without a folder cannot hold SQLite, and the error says what to set."""
    with pytest.raises(InvalidError, match="ESTIMATES_CATALOG") as caught:
        catalog_url("s3://bucket/prefix")
    assert caught.value.code == "catalog_needed"


@pytest.mark.parametrize("url", ["file:///srv/estimates", "memory:///estimates"])
def test_a_root_has_to_last(url: str) -> None:
    """What no power loss may take is not kept where nothing is flushed."""
    assert code_of(lambda: catalog_url(url, "sqlite:////srv/catalog.db")) == "storage_refused"
    assert code_of(lambda: Objects(url)) == "storage_refused"
