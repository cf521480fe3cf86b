"""Rows that are gone from the catalog: nothing stands for what it is not; verify names them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from estimates.errors import CorruptError
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, define, promoted


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM versions WHERE version = 1",
        "DELETE FROM versions WHERE version = 2",
        "DELETE FROM contracts",
        "UPDATE contracts SET \"set\" = 'other'",
        "DELETE FROM log",
    ],
)
def test_missing_rows_are_named(local_store: Store, statement: str) -> None:
    """Reading is refused with a code, and verify does not break down."""
    define(local_store)
    promoted(local_store, "first")
    promoted(local_store, "second", 101.0, day=1)
    local_store.catalog.engine.dispose()
    with closing(sqlite3.connect(Path(local_store.root) / "catalog.db")) as connection:
        connection.execute(statement)
        connection.commit()
    store = Store(local_store.root)
    with pytest.raises(CorruptError):
        store[SET].get("AAPL", "2024-06-03", ref=2)
    assert verify(store)
    store.catalog.engine.dispose()
