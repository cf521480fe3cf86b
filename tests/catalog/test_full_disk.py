"""A catalog whose disk is full, so that SQLite has no room for the index of its log."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
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


def test_a_new_one_of_which_nothing_arrives_is_no_lost_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite keeps the reason to itself where its first write fails late, as a quota's may: the
    file that it just made is said to stay empty, and not to be gone.
    """
    url = catalog_url(tmp_path)
    with monkeypatch.context() as failing:
        failing.setattr(engine_module, "_configure_sqlite", lambda _: None)
        with pytest.raises(UnavailableError, match="its file stays empty") as refused:
            estimates_migrations.upgrade(url)
    assert refused.value.message.endswith(LOOK_AT_DISK)
    estimates_migrations.upgrade(url)


FULL = """
import sys
import estimates_migrations
from estimates.errors import EstimatesError
from estimates.store.store import Store
from pathlib import Path

root, small = map(Path, sys.argv[1:])
(small / "new").mkdir()
def fill():
    try:
        for number in range(1000):
            (small / f"file {number}").touch()
    except OSError:
        return
def say(act):
    try:
        print(act())
    except EstimatesError as error:
        print(error.message)
(small / "catalog.db").write_bytes((root / "catalog.db").read_bytes())
fill()
url = f"sqlite:///{small / 'catalog.db'}"
say(lambda: estimates_migrations.upgrade(f"sqlite:///{small / 'new' / 'catalog.db'}"))
say(lambda: Store(root, catalog=url)["s"].resolve().version)
say(lambda: Store(root, catalog=url).promote("s", 1, alias="staging", reason="a try"))
"""


def test_a_disk_that_takes_no_further_file_is_full(tmp_path: Path) -> None:
    """As where a quota's files are used up: SQLite says that it cannot open one. Nobody is told to
    try again at once, and readers of a catalog that is there go on.
    """
    store = make_store(tmp_path / "store")
    define(store, name="s")
    promoted(store, "one", name="s")
    store.catalog.engine.dispose()
    small = tmp_path / "small"
    small.mkdir()
    mounted = f'mount -t tmpfs -o size=8m,nr_inodes=16 none {small} && exec "$@"'
    before = ("unshare", "--mount", "sh", "-c", mounted, "sh")
    if shutil.which("unshare") is None or subprocess.run([*before, "true"], check=False).returncode:
        pytest.skip("this process may not mount")
    said = subprocess.run(
        [*before, sys.executable, "-c", FULL, store.root, str(small)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    made, version, moved = said
    assert "its disk is full: " in made
    assert made.endswith(MAKE_ROOM)
    assert version == "1"
    assert "its disk is full: " in moved
