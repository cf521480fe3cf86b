"""What an audit says of each kind of damage, and that it goes on behind it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from estimates.catalog.audit import audit_chain, audit_law, audit_rows, lost_tables
from estimates.store.store import Store
from tests.builders import SET, define, make_store, promoted


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions, both promoted, and a hold that was released."""
    store = make_store(tmp_path_factory.mktemp("audit") / "store")
    define(store)
    promoted(store, "r1", 100.0)
    promoted(store, "r2", 100.3)
    _, hold = store.catalog.place_hold(SET, None, reason="a question", actor="ann")
    store.catalog.release_hold(SET, hold.id, reason="answered", actor="ann")
    store.catalog.engine.dispose()
    return Path(store.root)


@pytest.fixture
def store(sound: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of that store."""
    store = Store(shutil.copytree(sound, tmp_path / "store"))
    yield store
    store.catalog.engine.dispose()


def faults(store: Store, *damage: str) -> list[tuple[str, int | None]]:
    """Code and version of what a whole audit finds after some SQL."""
    with closing(sqlite3.connect(Path(store.root) / "catalog.db")) as connection:
        for statement in damage:
            connection.execute(statement)
        connection.commit()
    with store.catalog.engine.begin() as tx:
        every = [*audit_chain(tx), *audit_rows(tx), *audit_law(tx, None)]
    return [(fault.code, fault.version) for fault in every]


def test_a_sound_catalog(store: Store) -> None:
    """Nothing is wrong with it, and no table is missing."""
    assert faults(store) == []
    with store.catalog.engine.begin() as tx:
        assert list(lost_tables(tx)) == []


@pytest.mark.parametrize(
    ("damage", "codes"),
    [
        ("UPDATE events SET actor = 'eve' WHERE id = 3", {("chain_broken", 1)}),
        ("DELETE FROM events WHERE id = 3", {("event_missing", None), ("chain_broken", 1)}),
        (
            "UPDATE events SET digest = 'ff' WHERE id = 3",
            {("chain_broken", 1)},
        ),
        ("UPDATE versions SET rows = 7 WHERE version = 1", {("record_damaged", 1)}),
        ("UPDATE versions SET snapshot_id = 'x' WHERE version = 2", {("record_damaged", 2)}),
        ("DELETE FROM versions WHERE version = 2", {("record_missing", 2)}),
        ("UPDATE versions SET expired_at = 5 WHERE version = 1", {("record_damaged", 1)}),
        ("UPDATE aliases SET version = 1", {("alias_damaged", 2)}),
        ("DELETE FROM aliases", {("alias_damaged", 2)}),
        ("UPDATE holds SET ended_at = NULL", {("record_damaged", None)}),
        ("UPDATE log SET last_event = last_event + 1", {("log_damaged", None)}),
        ("UPDATE log SET head = 'ff'", {("log_damaged", None)}),
        ("UPDATE events SET signature = 'x' WHERE id = 4", {("event_damaged", 1)}),
    ],
)
def test_damage_is_named(store: Store, damage: str, codes: set[tuple[str, int | None]]) -> None:
    """With the version that it is about."""
    assert codes <= {*faults(store, damage)}


def test_one_damaged_row_hides_no_other(store: Store) -> None:
    """The walk goes on from what stands there, and each row is read by itself."""
    both = faults(
        store,
        "UPDATE events SET at = 'soon' WHERE id = 4",
        "UPDATE versions SET provenance = '{' WHERE version = 1",
        "UPDATE versions SET rows = 7 WHERE version = 2",
    )
    assert ("event_damaged", None) in both
    assert {("record_damaged", 1), ("record_damaged", 2)} <= {*both}


def test_a_row_that_no_event_made(store: Store) -> None:
    """A version that was slipped in is counted, whatever it says."""
    columns = "snapshot_id, shape, contract_revision, rows, published_at, provenance"
    assert ("record_unknown", None) in faults(
        store,
        f'INSERT INTO versions ("set", version, run_id, {columns}) '
        f"SELECT \"set\", 3, run_id || 'x', {columns} FROM versions WHERE version = 1",
    )


def test_lost_tables(store: Store) -> None:
    """By name."""
    with store.catalog.engine.begin() as tx:
        tx.execute(sa.text("DROP TABLE waivers"))
        (fault,) = lost_tables(tx)
    assert fault.code == "catalog_damaged"
    assert "waivers" in fault.message
