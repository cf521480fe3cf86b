"""What answers for the versions of a store, and what is made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from estimates.catalog.records import Version
from estimates.lookup.parted_lookup import PartedLookup
from estimates.lookup.read_file import ReadFile
from estimates.lookup.version_lookups import VersionLookups
from estimates.store.store import Store
from tests.builders import SET, code_of, define, frame, make_store, provenance, publish


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A set without versions."""
    store = make_store(tmp_path / "store", cache=tmp_path / "cache")
    define(store)
    yield store
    store.catalog.engine.dispose()


@pytest.fixture
def version(store: Store) -> Version:
    """A version, in one file."""
    return publish(store, "r1")


@pytest.fixture
def lookups(store: Store, version: Version) -> VersionLookups:
    """Those of a process that read nothing yet, with nothing that was made before."""
    store = Store(store.root, cache=Path(store.root).parent / "other")
    for path in store.lookups.paths(version):
        path.unlink()
    return store.lookups


def damage(path: Path) -> None:
    """Change a byte of a file's header."""
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.unlink()  # as another process may have it mapped
    path.write_bytes(content)


@pytest.mark.one_part
def test_a_read_file_is_made_once(lookups: VersionLookups, version: Version) -> None:
    """When it is asked for; from then on the version is open."""
    assert lookups.opened(version) is None
    assert not lookups.is_open(version)
    assert lookups.paths(version) == []
    opened = lookups.open(version)
    assert isinstance(opened, ReadFile)
    assert lookups.open(version) is lookups.opened(version) is opened
    assert lookups.is_open(version)
    assert len(lookups.paths(version)) == 1


@pytest.mark.one_part
def test_a_damaged_one_is_made_again(lookups: VersionLookups, version: Version) -> None:
    """When it is opened, and when all that are damaged are removed."""
    lookups.open(version)
    (path,) = lookups.paths(version)
    content = path.read_bytes()
    damage(path)
    assert lookups.remove_damaged([version.set]) == [str(path)]
    assert lookups.paths(version) == []
    lookups.open(version)
    damage(path)
    lookups.forget([path.stem])
    lookups.open(version)
    assert path.read_bytes() == content
    assert lookups.remove_damaged([version.set]) == []


@pytest.mark.one_part
def test_one_that_is_open_here_is_not_left_for_others(
    lookups: VersionLookups, version: Version
) -> None:
    """Whoever read a version before they promote it has its file in their own cache."""
    lookups.open(version)
    of = lookups.known.get(version)
    assert lookups.unmade(of) == [0]
    lookups.make(of, 0, None)
    assert len(lookups.paths(version)) == 2
    assert lookups.unmade(of) == []


@pytest.mark.one_part
def test_what_stands_beside_the_part(lookups: VersionLookups, version: Version) -> None:
    """Made where it is missing or damaged there; others of the set go."""
    of = lookups.known.get(version)
    assert lookups.unmade(of) == [0]
    lookups.make(of, 0, None)
    assert lookups.unmade(of) == []
    (path,) = lookups.paths(version)
    damage(path)
    assert lookups.unmade(of) == [0]
    lookups.keep_only(version.set, set())
    assert not path.exists()


@pytest.mark.one_part
def test_a_version_without_its_file(lookups: VersionLookups, version: Version) -> None:
    """Its part is gone: nothing can be made of it, and a check says so."""
    of = lookups.known.get(version)
    part = Path(lookups._objects.root) / of.name(0)
    content = part.read_bytes()
    part.unlink()
    assert code_of(lambda: lookups.check(version)) == "file_missing"
    part.write_bytes(content[:-1] + b"x")
    assert code_of(lambda: lookups.check(version)) == "file_damaged"
    assert not lookups.is_open(version)
    part.write_bytes(content)
    lookups.check(version)
    assert lookups.is_open(version)


@pytest.mark.usefixtures("small_parts")
def test_parts_are_opened_when_they_are_needed(store: Store) -> None:
    """Of a version in several files each has its own; all are opened on demand."""
    rows = pl.concat([frame().with_columns(pl.col("ticker") + f"{i:03}") for i in range(50)])
    version = store.publish(SET, rows, provenance("r1"))
    lookups = Store(store.root, cache=Path(store.root).parent / "other").lookups
    of = lookups.known.get(version)
    assert len(of.parts) > 1
    assert isinstance(lookups.open(version), PartedLookup)
    assert lookups.is_open(version)
    lookups.check(version)
    lookups.open_all(version)
    assert all(lookups.files.opened(part.sha256) for part in of.parts)
    assert isinstance(lookups.opened(version), PartedLookup)
    lookups.parts.unreadable.add(of.parts[1].sha256)
    assert not lookups.is_open(version)
