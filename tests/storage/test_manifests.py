"""Manifests in memory and copies of them on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from estimates.catalog.records import ErasedPart
from estimates.storage import manifests as manifests_module
from estimates.storage import snapshot
from estimates.storage.manifests import Manifests
from estimates.storage.objects import Objects
from estimates.storage.snapshot import Manifest
from tests.builders import SET, code_of, contract, frame, manifest_of


def stored(objects: Objects, level: float = 100.0) -> Manifest:
    """A manifest in a store."""
    made = manifest_of(frame(level), contract())
    snapshot.write_manifest(objects, SET, made)
    return made


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """An empty root."""
    (tmp_path / "store").mkdir()
    return Objects(str(tmp_path / "store"))


def as_in_a_bucket(objects: Objects, cache: Path) -> Manifests:
    """Manifests that are copied to this machine, as those of a bucket are."""
    manifests = Manifests(objects, cache)
    assert manifests.folder is None
    manifests.folder = cache / "manifests"
    return manifests


def test_a_manifest_is_read_once(objects: Objects, tmp_path: Path) -> None:
    """Then it is in memory; one that is missing is named."""
    manifests, made = Manifests(objects, tmp_path / "cache"), stored(objects)
    assert not manifests.is_read(SET, made.snapshot_id)
    assert manifests.get(SET, made.snapshot_id) == made
    objects.delete(snapshot.manifest_name(SET, made.snapshot_id))
    assert manifests.get(SET, made.snapshot_id) is manifests.stored(SET, made.snapshot_id)
    assert manifests.is_read(SET, made.snapshot_id)
    assert not manifests.is_read("others", made.snapshot_id)
    assert code_of(lambda: manifests.get("others", made.snapshot_id)) == "manifest_missing"


def test_what_was_erased_is_read_through(objects: Objects, tmp_path: Path) -> None:
    """Of its own set; what was written stays known."""
    manifests, made = Manifests(objects, tmp_path / "cache"), stored(objects)
    part = made.parts[0].sha256
    manifests.replaced = {SET: {part: ErasedPart(part, "new", 9, 5)}}
    read = manifests.get(SET, made.snapshot_id)
    assert (read.rows, [each.sha256 for each in read.parts]) == (5, ["new"])
    assert manifests.stored(SET, made.snapshot_id) == made


def test_a_copy_on_this_machine_proves_itself(objects: Objects, tmp_path: Path) -> None:
    """It is read where the bucket is not asked; a damaged one is fetched and copied again."""
    made = stored(objects)
    as_in_a_bucket(objects, tmp_path).get(SET, made.snapshot_id)
    (copy,) = (tmp_path / "manifests").iterdir()
    objects.delete(snapshot.manifest_name(SET, made.snapshot_id))
    assert as_in_a_bucket(objects, tmp_path).get(SET, made.snapshot_id) == made
    copy.write_bytes(copy.read_bytes().replace(b"6", b"7"))
    fresh = as_in_a_bucket(objects, tmp_path)
    assert code_of(lambda: fresh.get(SET, made.snapshot_id)) == "manifest_missing"
    stored(objects)
    assert fresh.get(SET, made.snapshot_id) == made
    assert copy.read_bytes() == snapshot.encode(made)


def test_the_oldest_copies_go(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once they take more than they may; of what no version needs none stays."""
    monkeypatch.setattr(manifests_module, "_LOOK_EVERY", 3)
    made = [stored(objects, 100.0 + number) for number in range(4)]
    monkeypatch.setattr(manifests_module, "_KEPT_BYTES", 2 * len(snapshot.encode(made[0])) + 9)
    manifests = as_in_a_bucket(objects, tmp_path)
    for number, each in enumerate(made):
        manifests.get(SET, each.snapshot_id)
        path = tmp_path / "manifests" / f"{each.snapshot_id}.json"
        if path.exists():
            os.utime(path, (number, number))
    left = {path.stem for path in (tmp_path / "manifests").iterdir()}
    assert made[3].snapshot_id in left
    assert made[0].snapshot_id not in left
    manifests.keep_only([made[3].snapshot_id])
    assert [path.stem for path in (tmp_path / "manifests").iterdir()] == [made[3].snapshot_id]


def test_where_nothing_can_be_copied_it_is_read_all_the_same(
    objects: Objects, tmp_path: Path
) -> None:
    """A cache that is no folder is no failure."""
    made = stored(objects)
    (tmp_path / "manifests").write_text("a file")
    manifests = as_in_a_bucket(objects, tmp_path)
    assert manifests.get(SET, made.snapshot_id) == made
    manifests.keep_only([])
