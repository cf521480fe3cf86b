"""A catalog and a root that do not belong together are never written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import estimates_migrations
from estimates.catalog.catalog import Catalog
from estimates.catalog.event_log import Head
from estimates.errors import CorruptError
from estimates.storage.objects import Objects
from estimates.store import identity
from estimates.store.backup import backup
from estimates.store.identity import check_identity
from estimates.store.open_store import catalog_url
from estimates.store.repair import repair
from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.builders import SET, code_of, define, make_store, promoted, publish
from tests.jobs.cli.calls import call, ok
from tests.store.catalog_rows import lose_catalog


def files(root: Path) -> dict[str, bytes]:
    """Every file of a store but its catalog and caches."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.parent != root and "cache" not in path.parts
    }


def filled(root: Path) -> Store:
    """A store with a promoted version."""
    store = make_store(root)
    define(store)
    promoted(store, "first")
    return store


def refuses(store: Store, code: str) -> None:
    """Every write is refused with one sentence, and no file changes."""
    before = files(Path(store.root))
    for write in (
        lambda: define(store, maximum=700.0),
        lambda: publish(store, "another", 101.0),
        lambda: store.judge(SET, 1),
        lambda: store.set_mlflow_run(SET, 1, "m1"),
        lambda: sweep(store),
    ):
        with pytest.raises(CorruptError) as caught:
            write()
        assert caught.value.code == code
        assert "\n" not in caught.value.message
    assert files(Path(store.root)) == before


def test_a_catalog_that_is_replaced_under_an_open_store_is_refused(tmp_path: Path) -> None:
    """A store that wrote already neither reads nor writes another store's catalog that takes the
    place of its own, and goes on with its own when that is back.
    """
    ours, theirs = filled(tmp_path / "ours"), filled(tmp_path / "theirs")
    for store in (ours, theirs):
        store.catalog.engine.dispose()
    place, aside = tmp_path / "ours" / "catalog.db", tmp_path / "aside.db"
    ours.view()
    place.rename(aside)
    assert code_of(ours.view) == "catalog"
    (tmp_path / "theirs" / "catalog.db").rename(place)
    assert code_of(ours.view) == "other_store"
    refuses(ours, "other_store")
    ours.catalog.engine.dispose()
    aside.replace(place)
    promoted(ours, "second", 101.0, day=1)
    assert len(ours.view().set(SET).versions) == 2


def test_another_catalog_is_refused(tmp_path: Path) -> None:
    """The catalog of one store beside the files of another writes nothing, and sweeps nothing."""
    for name in ("ours", "theirs"):
        filled(tmp_path / name).catalog.engine.dispose()
    url = f"sqlite:///{tmp_path / 'theirs' / 'catalog.db'}"
    refuses(Store(tmp_path / "ours", catalog=url), "other_store")


def test_a_file_that_another_root_lacks_is_not_lost(tmp_path: Path) -> None:
    """Who reads with another store's root is not sent to look for a backup."""
    filled(tmp_path / "ours").catalog.engine.dispose()
    theirs = filled(tmp_path / "theirs")
    promoted(theirs, "second", 101.0, day=1)
    theirs.catalog.engine.dispose()
    url = f"sqlite:///{tmp_path / 'theirs' / 'catalog.db'}"
    mixed = Store(tmp_path / "ours", catalog=url)
    with pytest.raises(CorruptError, match="set ESTIMATES_STORE and ESTIMATES_CATALOG") as missing:
        mixed.frame(mixed.resolve(SET))
    assert missing.value.code == "manifest_missing"
    mixed.catalog.engine.dispose()


def test_a_file_of_a_root_that_lost_all_is_looked_for_in_a_backup(tmp_path: Path) -> None:
    """Who reads from an emptied root is told that it may have lost its files, and what helps."""
    store = filled(tmp_path / "store")
    for folder in ("sets", "log", "cache"):
        shutil.rmtree(tmp_path / "store" / folder, ignore_errors=True)
    (tmp_path / "store" / "store.json").unlink()
    fresh = Store(store.root)
    with pytest.raises(CorruptError, match="estimates repair --from") as missing:
        fresh.frame(fresh.resolve(SET))
    assert missing.value.code == "manifest_missing"
    assert "its files were lost" in missing.value.message


def test_an_older_catalog_is_refused(tmp_path: Path) -> None:
    """A catalog from a backup, older than the log beside the snapshots, writes nothing."""
    store = filled(tmp_path / "store")
    store.catalog.engine.dispose()
    shutil.copy(tmp_path / "store" / "catalog.db", tmp_path / "backup.db")
    promoted(store, "second", 100.1)
    store.catalog.engine.dispose()
    for left in ("catalog.db-wal", "catalog.db-shm"):
        (tmp_path / "store" / left).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", tmp_path / "store" / "catalog.db")
    refuses(Store(tmp_path / "store"), "catalog_behind")


@pytest.mark.parametrize("moves", [1, 2, 3])
def test_a_copy_of_the_catalog_that_was_written_by_itself_is_refused(
    tmp_path: Path, moves: int
) -> None:
    """As many events as the log has, fewer or more: their newest common one is another."""
    store = filled(tmp_path / "store")
    store.catalog.engine.dispose()
    shutil.copytree(tmp_path / "store", tmp_path / "staging")
    promoted(store, "second", 100.1)  # published, judged, promoted
    store.catalog.engine.dispose()
    staging = Store(tmp_path / "staging")
    for move in range(moves):
        define(staging, maximum=700.0 + move)
        staging.judge(SET, 1)
    staging.catalog.engine.dispose()
    url = f"sqlite:///{tmp_path / 'staging' / 'catalog.db'}"
    refuses(Store(tmp_path / "store", catalog=url), "catalog_behind")


def test_the_newest_copy_of_another_log_is_written_anew_once_it_is_away(tmp_path: Path) -> None:
    """Where the catalog is the right one, the file that the refusal names is all that is wrong."""
    store = filled(tmp_path / "store")
    store.catalog.engine.dispose()
    shutil.copytree(tmp_path / "store", tmp_path / "staging")
    for root, maximum in (("store", 700.0), ("staging", 800.0)):
        opened = Store(tmp_path / root)
        define(opened, maximum=maximum)
        opened.catalog.engine.dispose()
    newest = max((tmp_path / "store" / "log").iterdir())
    right = newest.read_bytes()
    shutil.copy(tmp_path / "staging" / "log" / newest.name, newest)
    store = Store(tmp_path / "store")
    refuses(store, "catalog_behind")
    with pytest.raises(CorruptError, match=f"{newest}.*move that file away"):
        repair(store)
    newest.unlink()
    repair(store)
    assert newest.read_bytes() == right
    define(store, maximum=900.0)


def test_an_emptied_root_is_refused(tmp_path: Path) -> None:
    """A root that lost its files is not the one that the catalog knows."""
    store = filled(tmp_path / "store")
    for folder in ("sets", "log"):
        shutil.rmtree(tmp_path / "store" / folder)
    (tmp_path / "store" / "store.json").unlink()
    assert code_of(lambda: publish(Store(store.root), "another", 101.0)) == "other_store"


def test_a_new_catalog_on_old_sets_is_refused(tmp_path: Path) -> None:
    """A catalog that was made anew beside old snapshots cannot be written: a sweep would take
    them.
    """
    filled(tmp_path / "store").catalog.engine.dispose()
    for left in ("catalog.db", "catalog.db-wal", "catalog.db-shm", "store.json"):
        (tmp_path / "store" / left).unlink(missing_ok=True)
    with pytest.raises(CorruptError) as caught:
        Store(tmp_path / "store")
    assert caught.value.code == "catalog_lost"
    with pytest.raises(CorruptError, match="the catalog is empty"):
        make_store(tmp_path / "store")
    shutil.rmtree(tmp_path / "store" / "log")
    store = Store(tmp_path / "store")
    assert code_of(lambda: define(store)) == "other_store"
    assert code_of(lambda: sweep(store)) == "other_store"


@pytest.mark.parametrize("what", ["recover", "restore"])
def test_a_catalog_that_was_begun_and_not_filled_is_lost(tmp_path: Path, what: str) -> None:
    """As where `recover` or `restore` was killed before its last step: nobody is told that there
    are no sets, or nothing ever happened; with the same command again all is there.
    """
    store = filled(tmp_path / "store")
    there, copy = store.view().head, tmp_path / "backup"
    copy.mkdir()
    backup(store, Objects(str(copy)))
    lose_catalog(store)
    root, code = Path(store.root), "catalog_lost"
    if what == "restore":
        (root / "restore.json").write_bytes((copy / "backup.json").read_bytes())
        code = "restore_unfinished"
    estimates_migrations.upgrade(catalog_url(root))
    for command in (
        ("status",),
        ("get", SET, "A"),
        ("log",),
        ("verify",),
        ("init",),
        ("sweep", "--dry-run"),
    ):
        called = call(*command, "--store", root, "--format", "json")
        assert (called.code, called.error["code"]) == (4, code), command
    again = ("recover",) if what == "recover" else ("restore", copy)
    ok(*again, "--store", root)
    assert Store(root).view().head == there


def test_an_empty_store_is_none_that_is_lost(tmp_path: Path) -> None:
    """Before anything happened in it, and while the first event is written."""
    store = make_store(tmp_path / "store")
    assert store.sets() == []
    assert Store(store.root).sets() == []

    class Late(Catalog):
        """A catalog in which another process writes the first event after it was looked at."""

        def is_empty(self) -> bool:
            empty = super().is_empty()
            if empty:
                define(store)
            return empty

    identity._check_filled(store.root, Late(catalog_url(store.root)))
    assert Store(store.root).sets() == [SET]


def test_two_writers_are_not_taken_for_an_older_catalog(tmp_path: Path) -> None:
    """Somebody who commits while the identity is checked makes no older catalog of it."""
    store = filled(tmp_path / "store")

    class Late(Catalog):
        """A catalog beside which another process commits as soon as its head was read."""

        def head(self) -> Head:
            head = super().head()
            publish(store, "meanwhile", 100.2)
            return head

    catalog = Late(catalog_url(store.root))
    check_identity(store.objects, catalog)
    catalog.engine.dispose()


def test_a_catalog_with_another_name_is_not_written(tmp_path: Path) -> None:
    """Of a copy that shares its files with the store one of two writers would be lost; both can be
    read and backed up, and a catalog of its own is written again.
    """
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "first", 100.0)
    store.catalog.engine.dispose()
    shutil.copytree(tmp_path / "store", tmp_path / "copy", copy_function=os.link)
    (tmp_path / "backup").mkdir()
    for name in ("store", "copy"):
        linked = Store(tmp_path / name, actor="tester")
        assert code_of(lambda of=linked: publish(of, "next")) == "catalog_refused"
        assert linked[SET].get("AAPL", "2024-06-03")["value"] > 0
        backup(linked, Objects(str(tmp_path / "backup")))
        linked.catalog.engine.dispose()
    own = tmp_path / "catalog.db"
    shutil.copy(tmp_path / "copy" / "catalog.db", own)
    own.replace(tmp_path / "copy" / "catalog.db")
    for name in ("store", "copy"):
        assert publish(Store(tmp_path / name, actor="tester"), "next").version == 2
