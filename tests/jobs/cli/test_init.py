"""`estimates init` on real stores."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from estimates.storage.objects import Objects
from estimates.store.backup import backup
from estimates.store.store import Store
from tests.builders import define, promoted
from tests.jobs.cli.calls import call, ok


def test_init_makes_a_store_once(tmp_path: Path) -> None:
    """The first init makes folder and catalog, the second changes nothing."""
    root = tmp_path / "a" / "store"
    assert ok("init", "--store", root, "--format", "json").json == {
        "store": str(root),
        "made": True,
    }
    assert Store(root).sets() == []
    assert ok("init", "--store", root, "--format", "json").json["made"] is False
    assert "there already" in ok("init", "--store", root).text


def test_init_where_no_folder_can_be_is_bad_input(tmp_path: Path) -> None:
    """A file in the way, and a bucket without a catalog URL, exit 2."""
    (tmp_path / "file").write_text("")
    assert (
        call("init", "--store", tmp_path / "file" / "store", "--format", "json").error["code"]
        == "bad_store"
    )
    assert (
        call("init", "--store", "s3://bucket/x", "--format", "json").error["code"]
        == "catalog_needed"
    )


def test_a_quota_that_is_used_up_is_no_bad_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the same command does once there is room ends with 3, as any other full disk."""

    def full(path: Path, *_: object, **_options: object) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), str(path))

    monkeypatch.setattr(Path, "mkdir", full)
    error = call("init", "--store", tmp_path / "store", "--format", "json").error
    assert (error["code"], error["exit"]) == ("storage", 3)
    assert "make room" in error["message"]


def test_a_place_that_cannot_be_looked_at_is_bad_input(tmp_path: Path) -> None:
    """Links that lead in a circle, and a name that no folder can have, are no unexpected errors."""
    (tmp_path / "a").symlink_to(tmp_path / "circle")
    (tmp_path / "circle").symlink_to(tmp_path / "a")
    inside = tmp_path / "a" / "inside"
    assert call("init", "--store", inside, "--format", "json").error["code"] == "bad_store"
    other = tmp_path / "other"
    ok("init", "--store", other)
    for place in (inside, tmp_path / ("n" * 300) / "inside"):
        refused = call("backup", place, "--store", other, "--format", "json").error
        assert refused["code"] == "bad_store"


@pytest.mark.parametrize("place", ["sets/closes", "sets/new/deeper", "log", "trash", "new"])
def test_no_store_is_made_inside_of_a_store(local_store: Store, place: str, tmp_path: Path) -> None:
    """A sweep of the outer one would take its files; the folder is not even made. Its backup is no
    place for one either, nor is a store restored, or another one backed up, inside of it.
    """
    define(local_store)
    promoted(local_store, "first")
    (tmp_path / "backup").mkdir()
    backup(local_store, Objects(str(tmp_path / "backup")))
    inner = Path(local_store.root) / place
    was_there = inner.exists()
    for command in (("init",), ("restore", tmp_path / "backup"), ("demo", "--no-serve")):
        refused = call(*command, "--store", inner, "--format", "json").error
        assert refused["code"] == "bad_store", refused
        assert local_store.root in refused["message"]
    refused = call("init", "--store", tmp_path / "backup" / place, "--format", "json").error
    assert refused["code"] == "bad_store"
    other = tmp_path / "other"
    ok("init", "--store", other)
    refused = call("backup", inner, "--store", other, "--format", "json").error
    assert refused["code"] == "bad_backup"
    assert inner.exists() == was_there
    assert not (inner / "catalog.db").exists()


def test_another_programs_store_json_is_in_nobodys_way(tmp_path: Path) -> None:
    """A folder around it with a file of that name, and no store, changes nothing."""
    (tmp_path / "store.json").write_text('{"products": []}')
    assert ok("init", "--store", tmp_path / "store", "--format", "json").json["made"] is True


def test_a_store_whose_catalog_went_before_its_first_event_is_made_again(tmp_path: Path) -> None:
    """Nothing is lost: the new catalog takes the name that the root has, and writes."""
    root = tmp_path / "store"
    ok("init", "--store", root)
    name = (root / "store.json").read_bytes()
    (root / "catalog.db").unlink()
    ok("init", "--store", root)
    store = Store(root)
    define(store)
    assert (root / "store.json").read_bytes() == name
    for left in root.glob("catalog.db*"):
        left.unlink()
    for command in ("init", "status"):
        assert call(command, "--store", root, "--format", "json").error["code"] == "catalog_lost"
    assert not (root / "catalog.db").exists()
    ok("recover", "--store", root)
    assert call("status", "--store", root).code == 0


def test_a_damaged_name_makes_no_catalog(tmp_path: Path) -> None:
    """What is wrong is said before anything is written."""
    (tmp_path / "store.json").write_bytes(b"{")
    refused = call("init", "--store", tmp_path, "--format", "json").error
    assert refused["code"] == "identity_damaged"
    assert not (tmp_path / "catalog.db").exists()
