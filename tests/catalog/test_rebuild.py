"""A log's entries written into an empty catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from estimates.catalog import rebuild as rebuild_module
from estimates.catalog.event_chain import Entry
from estimates.catalog.event_log import entries
from estimates.errors import CorruptError
from estimates.store.store import Store
from tests.builders import SET, code_of, define, make_store, promoted, publish
from tests.store.catalog_rows import rows


def log_of(store: Store) -> list[Entry]:
    """All entries of a store's log."""
    with store.catalog.engine.begin() as tx:
        return list(entries(tx, 0))


@pytest.fixture
def busy(local_store: Store) -> Store:
    """A store in which something of each kind that changes rows happened."""
    store, catalog = local_store, local_store.catalog
    define(store)
    first, second = promoted(store, "first"), promoted(store, "second", 101.0, day=1)
    third = publish(store, "third", 102.0, day=2)
    catalog.tracked(first, "abc", actor="ann")
    store.promote(SET, 2, alias="canary", reason="try")
    store.remove_alias(SET, "canary", reason="tried")
    store.rollback(SET, reason="wrong")
    event, _ = catalog.place_hold(SET, second, reason="court", actor="ann")
    catalog.release_hold(SET, event.id, reason="over", actor="ann")
    catalog.place_hold(SET, first, reason="court", actor="ann")
    catalog.expire(third, actor="ann", reason="old")
    return store


@pytest.mark.parametrize("batch", [1, 4, 1000])
def test_each_row_is_there_again(
    busy: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """However many entries are written at a time."""
    monkeypatch.setattr(rebuild_module, "_BATCH", batch)
    log, empty = log_of(busy), make_store(tmp_path / "empty")
    empty.catalog.write_entries(busy.view().head.store, log)
    before, after = rows(busy), rows(empty)
    assert {name for name in before if before[name] != after[name]} == set()
    assert log_of(empty) == log


def test_what_cannot_be_read_leaves_it_empty(busy: Store, tmp_path: Path) -> None:
    """An error on the way, and a record that only a later program knows."""
    log, empty = log_of(busy), make_store(tmp_path / "empty")

    def ending() -> Iterator[Entry]:
        yield from log[:3]
        raise CorruptError("log_damaged", "no more", remedy="none")

    write = empty.catalog.write_entries
    assert code_of(lambda: write("s", ending())) == "log_damaged"
    later = msgspec.structs.replace(log[1], records={"prophecy": msgspec.Raw(b"{}")})
    assert code_of(lambda: write("s", [log[0], later])) == "schema_revision"
    assert rows(empty)["events"] == []


def test_an_empty_log_gives_the_id_alone(local_store: Store) -> None:
    """A store whose catalog went before its first event is the same store again."""
    before = rows(local_store)
    local_store.catalog.write_entries("another", [])
    assert local_store.catalog.head().store_id == "another"
    after = rows(local_store)
    assert after.pop("log") != before.pop("log")
    assert after == before
