"""Read files that a publisher left in the store's root."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.lookup.read_file_layout import REVISION
from estimates.lookup.stored_reads import StoredReads, is_whole
from estimates.storage.objects import Objects
from tests.builders import code_of

FOLDER = f"sets/s/reads/{REVISION}"


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """An empty root."""
    return Objects(str(tmp_path))


@pytest.fixture
def reads(objects: Objects) -> StoredReads:
    """Its read files."""
    return StoredReads(objects)


def test_what_was_put_is_fetched_whole(
    objects: Objects, reads: StoredReads, tmp_path: Path
) -> None:
    """Put again it stays; nothing else is left beside the path."""
    reads.put("s", "d", b"rows")
    reads.put("s", "d", b"rows")
    assert objects.names("sets") == [f"{FOLDER}/d.lookup", f"{FOLDER}/d.lookup.json"]
    path = tmp_path / "cache" / "d.lookup"
    assert reads.fetch("s", "d", path)
    assert path.read_bytes() == b"rows"
    assert [file.name for file in path.parent.iterdir()] == ["d.lookup"]
    name, ranges = reads.ranges("s", "d")
    assert (name, ranges(1, 3)) == (f"{FOLDER}/d.lookup", b"ow")
    absent = reads.ranges("s", "e")[1]
    assert code_of(lambda: absent(0, 1)) == "no_object"
    assert reads.place("s", "d") == f"{tmp_path}/{FOLDER}/d.lookup"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.lookup", b"rowz"),
        ("d.lookup", b"row"),
        ("d.lookup.json", b"{}"),
        ("d.lookup.json", b"\xff"),
        ("d.lookup", None),
        ("d.lookup.json", None),
    ],
)
def test_what_is_not_whole_is_not_fetched(
    objects: Objects, reads: StoredReads, tmp_path: Path, name: str, content: bytes | None
) -> None:
    """Damaged, cut, half written or gone: whoever needs it makes it again."""
    reads.put("s", "d", b"rows")
    if content is None:
        objects.delete(f"{FOLDER}/{name}")
    else:
        objects.put(f"{FOLDER}/{name}", content)
    path = tmp_path / "cache" / "d.lookup"
    assert not reads.fetch("s", "d", path)
    assert not path.exists()
    assert list(tmp_path.glob("cache/*")) == []


def test_those_that_are_complete_are_listed(objects: Objects, reads: StoredReads) -> None:
    """Of this revision and this set alone."""
    reads.put("s", "d", b"rows")
    reads.put("t", "e", b"rows")
    objects.put(f"{FOLDER}/half.lookup", b"rows")
    objects.put("sets/s/reads/0/old.lookup", b"rows")
    objects.put("sets/s/reads/0/old.lookup.json", b"{}")
    assert reads.left("s") == {"d"}
    assert reads.left("nothing") == set()


def test_others_are_removed(objects: Objects, reads: StoredReads) -> None:
    """With what they are compared with, and so are those of other revisions."""
    for digest in ("d", "e"):
        reads.put("s", digest, b"rows")
    reads.put("t", "e", b"rows")
    objects.put("sets/s/reads/0/d.lookup", b"rows")
    reads.keep_only("s", {"d"})
    assert reads.left("s") == {"d"}
    assert reads.left("t") == {"e"}
    assert objects.names("sets/s/reads/0") == []


def test_damaged_ones_are_removed_by_name(objects: Objects, reads: StoredReads) -> None:
    """In a folder they are told by their own checksums."""
    reads.put("s", "d", b"no read file at all")
    assert reads.remove_damaged("s") == [f"{FOLDER}/d.lookup"]
    assert objects.names("sets") == []
    assert reads.remove_damaged("s") == []


def test_what_is_gone_by_now_is_not_damaged(tmp_path: Path) -> None:
    """Another process has removed it since its name was read."""
    assert is_whole(tmp_path / "d.lookup")
