"""A catalog whose disk is full, so that SQLite has no room for the index of its log."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

import estimates_migrations
from estimates.catalog import engine as engine_module
from estimates.catalog.engine import reading
from estimates.errors import LOOK_AT_DISK, MAKE_ROOM, UnavailableError
from estimates.store.open_store import catalog_url
from estimates.store.store import Store
from tests.builders import SET, define, make_store, promoted


def no_room(_: sqlite3.Connection) -> None:
    """What SQLite says there."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    raise error


def test_a_new_one_says_that_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was begun there is an empty file, of which nobody says that it is gone; with room the
    same succeeds.
    """
    url = catalog_url(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(engine_module, "_configure_sqlite", no_room)
        for act in (lambda: estimates_migrations.upgrade(url), lambda: Store(tmp_path)):
            with pytest.raises(UnavailableError, match="its disk is full: ") as refused:
                act()
            assert refused.value.message.endswith(MAKE_ROOM)
    assert (tmp_path / "catalog.db").stat().st_size == 0
    estimates_migrations.upgrade(url)
    Store(tmp_path).catalog.engine.dispose()


def test_it_is_read_and_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where SQLite says that there is no room, readers answer, and a writer is told what to do;
    with room again it writes.
    """
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    store.catalog.engine.dispose()

    with monkeypatch.context() as full:
        full.setattr(engine_module, "_configure_sqlite", no_room)
        reader = Store(store.root)
        assert reader[SET].resolve().version == 1
        with pytest.raises(UnavailableError) as refused:
            reader.promote(SET, 1, alias="staging", reason="a try")
        assert refused.value.code == "catalog"
        assert "its disk is full: " in refused.value.message
        assert refused.value.message.endswith(MAKE_ROOM)
        reader.catalog.engine.dispose()
    writer = Store(store.root)
    assert writer.promote(SET, 1, alias="staging", reason="again").version == 1
    writer.catalog.engine.dispose()


def test_a_disk_that_fails_is_named(tmp_path: Path) -> None:
    """What SQLite says of a failing disk, as of a quota that is used up, is no lost connection."""
    store = make_store(tmp_path / "store")

    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    with pytest.raises(UnavailableError) as refused, reading(store.catalog.engine):
        raise sa.exc.OperationalError("COMMIT", None, error)
    assert refused.value.message.endswith(LOOK_AT_DISK)
    store.catalog.engine.dispose()
