"""A file that is there as a whole or not at all."""

import stat
from pathlib import Path

import pytest

from estimates.storage.whole_file import write_whole


def test_buffers_follow_each_other(tmp_path: Path) -> None:
    """The file has all buffers in order, its folder is made, and nothing else is left there."""
    path = tmp_path / "folder" / "file.json"
    write_whole(path, b"one ", memoryview(b"two"))
    write_whole(path, b"three ", b"four")
    assert path.read_bytes() == b"three four"
    assert list(path.parent.iterdir()) == [path]


def test_permissions_are_those_asked_for(tmp_path: Path) -> None:
    """A file for its user alone is never anybody else's."""
    write_whole(tmp_path / "file", b"", mode=0o600)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    """Where the place cannot be taken the error is raised, and what was written is removed."""
    (tmp_path / "file" / "in the way").mkdir(parents=True)
    with pytest.raises(OSError, match="file"):
        write_whole(tmp_path / "file", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
