"""`estimates migrate` on real stores."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from estimates.store.open_store import catalog_url
from estimates.store.store import Store
from estimates_migrations import current
from tests.builders import define
from tests.frozen import make_format1, make_format2
from tests.jobs.cli.calls import call, ok

FORMATS = {"1": make_format1.FOLDER / "store", "2": make_format2.FOLDER / "store"}


@pytest.fixture(params=FORMATS)
def frozen(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a store whose catalog has an older schema."""
    return shutil.copytree(FORMATS[request.param], tmp_path / "frozen")


def files_of(store: Path) -> list[Path]:
    """Every file of a store but its catalog."""
    return [path for path in sorted(store.rglob("*")) if not path.name.startswith("catalog.db")]


def refused(store: Path, catalog: Path) -> str:
    """The code by which a migration is refused that leaves catalog and root as they were."""
    url = f"sqlite:///{catalog}"
    before, files = current(url), files_of(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ESTIMATES_CATALOG", url)
        called = call("migrate", "--store", store, "--format", "json")
    assert called.code == 4
    assert current(url) == before
    assert files_of(store) == files
    return str(called.error["code"])


def test_migrate_says_that_there_is_nothing_to_do(local_store: Store) -> None:
    """A catalog of the newest schema stays as it is."""
    shown = ok("migrate", "--store", local_store.root, "--format", "json").json
    assert shown["from"] == shown["to"]
    assert "nothing to do" in ok("migrate", "--store", local_store.root).text


def test_a_catalog_of_another_root_is_not_migrated(
    frozen: Path, local_store: Store, tmp_path: Path
) -> None:
    """Neither beside a store with a name nor, before catalogs had names, beside files of another
    store or none; then its own root takes it.
    """
    define(local_store)
    is_named = (frozen / "store.json").exists()
    named = refused(Path(local_store.root), frozen / "catalog.db")
    assert named == ("other_store" if is_named else "catalog_behind")
    if not is_named:
        (tmp_path / "empty").mkdir()
        assert refused(tmp_path / "empty", frozen / "catalog.db") == "other_store"
    shown = ok("migrate", "--store", frozen, "--format", "json").json
    assert shown["from"] < shown["to"] == current(catalog_url(frozen))
    ok("verify", "--store", frozen)


def test_an_older_catalog_is_not_migrated(frozen: Path, tmp_path: Path) -> None:
    """Once its root was migrated and written on, the one from before stays what it was."""
    shutil.copy(frozen / "catalog.db", tmp_path / "older.db")
    ok("migrate", "--store", frozen)
    [name, *_] = Store(frozen).sets()
    ok("hold", name, "all", "--reason", "audit", "--clock-is-right", "--store", frozen)
    assert refused(frozen, tmp_path / "older.db") == "catalog_behind"


def test_an_empty_catalog_is_a_lost_one(frozen: Path) -> None:
    """It is not migrated, and the way on is said."""
    (frozen / "catalog.db").write_bytes(b"")
    assert refused(frozen, frozen / "catalog.db") == "catalog_lost"


def test_where_nothing_happened_yet_init_makes_the_catalog(tmp_path: Path) -> None:
    """An empty catalog, of a folder that has a name or none, is made by `init`, which says so."""
    named = tmp_path / "named"
    ok("init", "--store", named)
    before = (named / "store.json").read_bytes()
    (tmp_path / "new").mkdir()
    for root in (named, tmp_path / "new"):
        for file in root.glob("catalog.db*"):
            file.unlink()
        (root / "catalog.db").write_bytes(b"")
        error = call("migrate", "--store", root, "--format", "json").error
        assert (error["code"], error["exit"]) == ("no_store", 2)
        assert "estimates init" in error["message"]
        ok("init", "--store", root)
        ok("verify", "--store", root)
    assert (named / "store.json").read_bytes() == before


def test_what_was_lost_with_the_upgrade_is_mended_after_it(tmp_path: Path) -> None:
    """A root that lost its name does not keep its catalog from the migration that repair needs."""
    frozen = shutil.copytree(FORMATS["2"], tmp_path / "frozen")
    whole = shutil.copytree(FORMATS["2"], tmp_path / "whole")
    (frozen / "store.json").write_bytes(b"{")
    assert call("migrate", "--store", frozen, "--format", "json").error["code"] == (
        "identity_damaged"
    )
    ok("repair", "--from", whole, "--store", frozen)
    ok("verify", "--store", frozen)
