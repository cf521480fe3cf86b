"""An open store: its catalog's URL, its view, its contracts and frames."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.errors import InvalidError
from estimates.store.open_store import catalog_url
from estimates.store.store import Store
from tests.builders import SET, code_of, define, frame, promoted, publish


def test_the_catalog_is_a_file_of_the_store_or_what_is_named(tmp_path: Path) -> None:
    """A folder has its own SQLite file; a bucket has none, so that one has to be named."""
    assert catalog_url(tmp_path) == f"sqlite:///{tmp_path}/catalog.db"
    assert catalog_url("s3://bucket", "postgresql://x") == "postgresql://x"
    with pytest.raises(InvalidError) as caught:
        catalog_url("s3://bucket/prefix")
    assert caught.value.code == "catalog_needed"


def test_the_view_is_read_again_when_something_happened(local_store: Store) -> None:
    """Without an event the view is the same object; after one it is another."""
    define(local_store)
    view = local_store.view()
    assert local_store.view() is view
    publish(local_store, "run")
    assert local_store.view() is not view
    assert len(local_store.view().set(SET).versions) == 1


def test_contracts_by_revision(local_store: Store) -> None:
    """The newest without a number; a number that is none is `unknown_revision`."""
    define(local_store, maximum=500.0)
    define(local_store, maximum=400.0)
    assert local_store.contract(SET).columns["value"].max == 400.0
    assert local_store.contract(SET, 1).columns["value"].max == 500.0
    for revision in (0, 3):
        assert code_of(lambda n=revision: local_store.contract(SET, n)) == "unknown_revision"


def test_a_frame_is_sorted_and_columns_are_parts_of_it(local_store: Store) -> None:
    """All rows by key, or some columns of those that fulfil a condition."""
    define(local_store)
    version = publish(local_store, "run")
    rows = local_store.frame(version)
    assert rows.select("ticker", "target_date").equals(
        frame().select("ticker", "target_date").sort("ticker", "target_date")
    )
    large = local_store.columns(version, ["value"], pl.col("value") > 100.03)
    assert sorted(large["value"].to_list()) == [100.04, 100.05]


def test_an_expired_version_has_no_rows(local_store: Store) -> None:
    """Reading its frame or its columns is `expired`."""
    define(local_store)
    version = publish(local_store, "run")
    local_store.catalog.expire(version, actor="ada", reason="old")
    gone = local_store.resolve(SET, 1)
    assert code_of(lambda: local_store.frame(gone)) == "expired"
    assert code_of(lambda: local_store.columns(gone, ["value"])) == "expired"


def test_events_are_told_once_committed(local_store: Store) -> None:
    """Verdicts and moves reach `on_event` in their order."""
    define(local_store)
    events: list[str] = []
    local_store.on_event = lambda event: events.append(event.kind)
    promoted(local_store, "run")
    assert events == ["judged", "promoted"]


@pytest.mark.one_part
def test_a_read_file_is_opened_once_and_forgotten(local_store: Store) -> None:
    """What was discarded is built again by the next use."""
    define(local_store)
    version = publish(local_store, "run")
    file = local_store.lookups.open(version)
    assert local_store.lookups.opened(version) is file
    local_store.lookups.discard(version)
    assert local_store.lookups.opened(version) is None
    assert local_store.lookups.open(version) is not file
