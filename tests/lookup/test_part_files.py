"""The read files of parts: found, made, forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from estimates.lookup.cache_bound import Added
from estimates.lookup.part_files import PartFiles
from estimates.lookup.read_file_cache import ReadFileCache
from estimates.lookup.snapshot_parts import SnapshotParts
from estimates.store.store import Store
from tests.builders import SET, code_of, define, make_store, publish


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A set with a version."""
    store = make_store(tmp_path / "store", cache=tmp_path / "cache")
    define(store)
    publish(store, "r1")
    yield store
    store.catalog.engine.dispose()


@pytest.fixture
def of(store: Store) -> SnapshotParts:
    """What the version consists of."""
    return store.lookups.known.get(store.resolve(SET, 1))


@pytest.fixture
def files(store: Store, of: SnapshotParts, tmp_path: Path) -> PartFiles:
    """Those of a machine whose cache is empty."""
    made = PartFiles(store.objects, ReadFileCache(tmp_path / "other"))
    made.stored.keep_only(of.set, set())
    return made


@pytest.mark.one_part
def test_a_file_is_made_from_its_part_and_announced(files: PartFiles, of: SnapshotParts) -> None:
    """Once: what is at hand is opened and not announced again."""
    added: list[Added] = []
    files.on_added = added.append
    assert not files.is_at_hand(of, 0)
    assert files.here(of, 0) is None
    opened = files.open(of, 0)
    assert files.open(of, 0) is files.here(of, 0) is files.reach(of, 0) is opened
    assert [(each.set, each.rows) for each in added] == [(SET, 6)]


def test_a_part_that_is_damaged(files: PartFiles, of: SnapshotParts, store: Store) -> None:
    """Is remembered as unreadable until its read file can be made."""
    path = Path(store.root) / of.name(0)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    assert code_of(lambda: files.open(of, 0)) == "file_damaged"
    assert files.unreadable == {of.parts[0].sha256}
    path.write_bytes(content)
    files.open(of, 0)
    assert files.unreadable == set()


def test_a_discarded_file_is_made_again(files: PartFiles, of: SnapshotParts) -> None:
    """It is gone from the disk, too."""
    digest = of.parts[0].sha256
    files.open(of, 0)
    files.discard(digest)
    assert not files.files.path(digest).exists()
    assert not files.is_at_hand(of, 0)
    files.open(of, 0)
    assert files.is_at_hand(of, 0)


def test_a_folder_is_read_where_it_is(files: PartFiles, of: SnapshotParts) -> None:
    """Nothing is read by ranges: only a bucket is far away."""
    files.stored.put(of.set, of.parts[0].sha256, files.open(of, 0).content())
    assert files.remote(of, 0) is None


@pytest.mark.one_part
def test_rows_of_a_part(files: PartFiles, of: SnapshotParts) -> None:
    """Verified, in the order of the file."""
    rows = files.rows(of, 0)
    assert rows.height == of.parts[0].rows == 6
