"""Copying from a root to another: what is no good never gets its name there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from estimates.storage import snapshot
from estimates.storage.copying import Content, Copying, Named, copy_file, digest_of, files_of
from estimates.storage.objects import Objects
from tests.builders import SET, code_of, contract, frame

FILE = f"sets/{SET}/parts/x.parquet"


class Roots:
    """A root to copy from, and one to copy to."""

    def __init__(self, folder: Path) -> None:
        for name in ("source", "target"):
            (folder / name).mkdir()
        self.source = Objects(str(folder / "source"))
        self.target = Objects(str(folder / "target"))

    def copying(self, **settings: bool) -> Copying:
        """What copies between them."""
        return Copying(self.source, self.target, {}, **settings)


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    """Both, empty."""
    return Roots(tmp_path)


def named(content: bytes) -> Named:
    """A file of this content."""
    return Named(FILE, len(content), hashlib.sha256(content).hexdigest())


def test_a_snapshot_is_its_parts_and_then_its_manifest(roots: Roots) -> None:
    """So that a manifest is never there before what it names."""
    manifest = snapshot.write(roots.source, SET, frame().sort("ticker"), contract().shape())
    files = list(files_of(roots.source, Content(SET, manifest.snapshot_id), {}))
    assert files[-1].name == snapshot.manifest_name(SET, manifest.snapshot_id)
    assert [file.digest for file in files[:-1]] == [part.sha256 for part in manifest.parts]
    copying = roots.copying()
    for file in files:
        copying.copy(file)
    assert {name: roots.target.get(name) for name in roots.target.names("sets")} == {
        file.name: roots.source.get(file.name) for file in files
    }
    assert copying.tally.copied == len(files)
    assert copying.tally.copied_bytes == sum(file.size for file in files)


def test_listed_keys_are_one_file(roots: Roots) -> None:
    """One that is missing is named."""
    name = f"sets/{SET}/domains/d.parquet"
    content = Content(SET, "d", is_domain=True)
    assert code_of(lambda: list(files_of(roots.source, content, {}))) == "file_missing"
    roots.source.put(name, b"123")
    assert list(files_of(roots.source, content, {})) == [Named(name, 3, "d")]


def test_a_damaged_file_gets_no_name(roots: Roots) -> None:
    """And what was there before stays."""
    file = named(b"good")
    assert code_of(lambda: roots.copying().copy(file)) == "file_missing"
    roots.source.put(FILE, b"goud")
    roots.target.put(FILE, b"old")
    assert code_of(lambda: roots.copying().copy(file)) == "file_damaged"
    assert roots.target.get(FILE) == b"old"
    roots.source.put(FILE, b"good")
    roots.copying().copy(file)
    assert roots.target.get(FILE) == b"good"


def test_a_file_of_the_right_size_is_taken_for_there(roots: Roots) -> None:
    """Unless it is read again: then a damaged one is replaced."""
    file = named(b"good")
    roots.source.put(FILE, b"good")
    roots.target.put(FILE, b"bad!")
    trusting = roots.copying()
    trusting.copy(file)
    assert roots.target.get(FILE) == b"bad!"
    assert (trusting.tally.there, trusting.tally.there_bytes, trusting.tally.copied) == (1, 4, 0)
    reading = roots.copying(reread=True)
    reading.copy(file)
    assert roots.target.get(FILE) == b"good"
    assert (reading.tally.there, reading.tally.copied) == (0, 1)
    again = roots.copying(reread=True)
    again.copy(file)
    assert (again.tally.there, again.tally.copied) == (1, 0)


def test_one_file_by_its_digest(roots: Roots) -> None:
    """As a repair copies it."""
    roots.source.put(FILE, b"good")
    assert digest_of(roots.source, FILE) == named(b"good").digest
    copy_file(roots.source, roots.target, *named(b"good"))
    assert roots.target.get(FILE) == b"good"
    absent = Named("sets/x", 1, "d")
    assert code_of(lambda: copy_file(roots.source, roots.target, *absent)) == "file_missing"
