"""A store whose root is a URL: the same code without a folder of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import estimates_migrations
from estimates import InvalidError, Store
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.store.open_store import catalog_url
from estimates.store.sweep import sweep
from estimates.store.verify import verify

CONTRACT = """
name = "scores"
[key.customer]
type = "string"
[columns.score]
"""
THROUGH = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store at a file:// URL, with its catalog and cache elsewhere."""
    (tmp_path / "bucket").mkdir()
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    estimates_migrations.upgrade(url)
    return Store(f"file://{tmp_path / 'bucket'}", catalog=url, cache=tmp_path / "cache")


def test_a_store_at_a_url_publishes_promotes_and_reads(store: Store, tmp_path: Path) -> None:
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
    assert list((tmp_path / "bucket" / "sets" / "scores" / "snapshots").iterdir())


def test_a_bucket_needs_a_catalog_of_its_own() -> None:
    """A root without a folder cannot hold SQLite, and the error says what to set."""
    with pytest.raises(InvalidError, match="ESTIMATES_CATALOG") as caught:
        catalog_url("s3://bucket/prefix")
    assert caught.value.code == "catalog_needed"
