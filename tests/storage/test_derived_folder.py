"""A bounded folder of files that can be made again."""

from __future__ import annotations

import os
from pathlib import Path

from estimates.storage.derived_folder import DerivedFolder


def names(folder: DerivedFolder) -> list[str]:
    """The files that are there, sorted."""
    return sorted(path.name for path in folder.folder.iterdir())


def test_a_file_is_its_buffers_one_after_the_other(tmp_path: Path) -> None:
    """The folder is made with the first file; the same name again is the newer content."""
    folder = DerivedFolder(tmp_path / "made", 1000)
    folder.write("a", b"one ", memoryview(b"two"))
    folder.write("a", b"three")
    assert (folder.folder / "a").read_bytes() == b"three"
    folder.clear()
    assert names(folder) == []


def test_the_oldest_go_beyond_the_limits(tmp_path: Path) -> None:
    """By bytes or by number, whichever is reached first; looked at with a process's first write."""
    for most_bytes, most_files in ((20, None), (1000, 2)):
        place = tmp_path / f"{most_bytes}"
        place.mkdir()
        for age, name in enumerate(("newer", "older", "oldest")):
            (place / name).write_bytes(bytes(10))
            os.utime(place / name, (1000 - age, 1000 - age))
        folder = DerivedFolder(place, most_bytes, most_files)
        folder.write("new", bytes(10))
        assert names(folder) == ["new", "newer"]


def test_what_may_not_be_kept_goes_at_once(tmp_path: Path) -> None:
    """A file that was made before something was erased does not stay."""
    folder = DerivedFolder(tmp_path, 1000)
    folder.keeps = lambda: False
    folder.write("a", b"one")
    assert names(folder) == []


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    """Where a file has the folder's name, nothing is kept and nothing raised."""
    (tmp_path / "file").touch()
    DerivedFolder(tmp_path / "file", 1000).write("a", b"one")
    assert (tmp_path / "file").read_bytes() == b""
