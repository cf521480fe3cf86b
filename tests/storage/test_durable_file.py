"""Files that are there as a whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from estimates.errors import RefusedError
from estimates.storage.durable_file import flush_names, remove_old, write_durably
from estimates.storage.objects import Objects


def test_a_file_has_its_name_once_it_is_whole(tmp_path: Path) -> None:
    """Folders are made, pieces follow each other, and nothing is left beside it."""
    path = tmp_path / "a" / "b.json"
    assert write_durably(path, [b"one ", b"two"], replacing=False)
    flush_names(path, tmp_path)
    assert path.read_bytes() == b"one two"
    assert list(path.parent.iterdir()) == [path]


def test_the_first_stays_unless_it_is_replaced(tmp_path: Path) -> None:
    """Without `replacing` the file that is there stays, and the answer is False."""
    path = tmp_path / "b.json"
    assert write_durably(path, [b"first"], replacing=False)
    assert not write_durably(path, [b"second"], replacing=False, flushed=False)
    assert path.read_bytes() == b"first"
    assert write_durably(path, [b"third"], replacing=True)
    assert path.read_bytes() == b"third"


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links, such as FAT."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("no_links")
def test_the_first_stays_where_there_are_no_hard_links(tmp_path: Path) -> None:
    """As on a stick that backups go to: a name is given to a whole file there, too."""
    path = tmp_path / "b.json"
    assert write_durably(path, [b"first"], replacing=False)
    assert not write_durably(path, [b"second"], replacing=False)
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("no_links")
def test_where_no_name_can_be_given_alone_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system without that call: refused, not to be tried again, and nothing is left."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **_options: object())
    with pytest.raises(RefusedError, match="another disk"):
        Objects(str(tmp_path)).put_if_absent("b.json", b"first")
    assert list(tmp_path.iterdir()) == []


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    """Pieces that raise in the middle are no file, and no leftover."""

    def pieces() -> Iterator[bytes]:
        yield b"one"
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        write_durably(tmp_path / "b.json", pieces(), replacing=True)
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_an_hour_ago_go(tmp_path: Path) -> None:
    """What a killed writer left goes after an hour; what is newer may still be written."""
    old, new, gone = (tmp_path / name for name in ("b.json#1", "b.json#2", "b.json#3"))
    old.touch()
    new.touch()
    then = time.time() - 3700
    os.utime(old, (then, then))
    remove_old([old, new, gone])
    assert list(tmp_path.iterdir()) == [new]
