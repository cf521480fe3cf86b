"""The read files of this machine: made once, closed, discarded, kept within what there is."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from estimates.lookup import read_file_cache, read_file_writing
from estimates.lookup.read_file_cache import ReadFileCache
from tests.builders import code_of
from tests.lookup.read_files import contract_of, frame_of

CONTRACT = contract_of(("string",))
FRAME = frame_of(CONTRACT, {("a",): (1.0, None)})


def refuse(patch: pytest.MonkeyPatch, owner: Any, name: str, places: set[Any], number: int) -> None:
    """Let a function of the system fail for some places, as others' files and full tables do."""
    function = getattr(owner, name)

    def refusing(place: Any, *rest: Any, **options: Any) -> Any:
        if place in places:
            raise OSError(number, os.strerror(number), str(place))
        return function(place, *rest, **options)

    patch.setattr(owner, name, refusing)


class Maker:
    """Makes read files, and counts how often."""

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.times = 0

    def __call__(self, path: Path) -> None:
        self.times += 1
        read_file_writing.build(FRAME, CONTRACT.shape(), self.digest, path)


@pytest.fixture
def cache(tmp_path: Path) -> ReadFileCache:
    """An empty one."""
    return ReadFileCache(tmp_path / "cache")


def digest(letter: str) -> str:
    """The digest of a part."""
    return letter * 64


def test_a_file_is_made_once(cache: ReadFileCache) -> None:
    """Then it is open; another process finds it made."""
    make = Maker(digest("a"))
    first = cache.get(digest("a"), make)
    assert cache.get(digest("a"), make) is first
    assert (make.times, cache.count) == (1, 1)
    other = ReadFileCache(cache.folder)
    assert other.opened(digest("a")) is None
    assert other.get(digest("a"), make).path == first.path
    assert make.times == 1
    assert other.find(digest("b")) is None


def test_a_file_elsewhere_is_taken_first(cache: ReadFileCache, tmp_path: Path) -> None:
    """One that is damaged there is made here, and not tried there again."""
    place = tmp_path / "store" / "a.lookup"
    Maker(digest("a"))(place)
    make = Maker(digest("a"))
    assert cache.get(digest("a"), make, str(place)).path == str(place)
    assert make.times == 0
    cache.discard(digest("a"))
    assert cache.discarded == 1
    assert not place.exists()
    place.write_bytes(b"damaged")
    assert cache.get(digest("a"), make, str(place)).path == str(cache.path(digest("a")))


def test_a_damaged_file_that_cannot_be_removed_is_not_tried_again(
    cache: ReadFileCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in a store that this process may only read."""
    place = tmp_path / "store" / "a.lookup"
    Maker(digest("a"))(place)
    cache.get(digest("a"), Maker(digest("a")), str(place))
    refuse(monkeypatch, Path, "unlink", {place}, errno.EACCES)
    cache.discard(digest("a"))
    assert place.exists()
    opened = cache.get(digest("a"), Maker(digest("a")), str(place))
    assert str(opened.path) == str(cache.path(digest("a")))


@pytest.mark.parametrize("at", ["folder", "loop", "file of another user"])
def test_what_cannot_be_opened_is_as_good_as_none(
    cache: ReadFileCache, tmp_path: Path, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that answers is made here, and a damaged one of the cache is replaced."""
    place = tmp_path / "a.lookup"
    if at == "folder":
        place.mkdir()
    elif at == "loop":
        place.symlink_to(place)
    else:
        place.touch()
        refuse(monkeypatch, os, "open", {str(place)}, errno.EACCES)
    make = Maker(digest("a"))
    assert cache.find(digest("a"), str(place)) is None
    assert cache.get(digest("a"), make, str(place)).path == str(cache.path(digest("a")))
    assert make.times == 1


def test_too_many_open_files_are_no_damage(
    cache: ReadFileCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made again, and another time it is opened."""
    make = Maker(digest("a"))
    cache.get(digest("a"), make)
    cache.close()
    with monkeypatch.context() as patch:
        refuse(patch, os, "open", {str(cache.path(digest("a")))}, errno.EMFILE)
        assert code_of(lambda: cache.get(digest("a"), make)) == "cache"
        assert code_of(lambda: cache.find(digest("a"))) == "cache"
    cache.get(digest("a"), make)
    assert make.times == 1


def test_a_damaged_file_of_a_cache_that_is_only_read(
    cache: ReadFileCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not tried again until it can be replaced."""
    make = Maker(digest("a"))
    cache.get(digest("a"), make)
    path = cache.path(digest("a"))

    def refused(_path: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    with monkeypatch.context() as patch:
        refuse(patch, Path, "unlink", {path}, errno.EROFS)
        cache.discard(digest("a"))
        assert cache.find(digest("a")) is None
        assert code_of(lambda: cache.get(digest("a"), refused)) == "cache_refused"
    cache.get(digest("a"), make)
    cache.close()
    assert cache.find(digest("a")) is not None
    assert make.times == 2


def test_a_damaged_file_is_made_again(cache: ReadFileCache) -> None:
    """Whatever is wrong with its head."""
    make = Maker(digest("a"))
    cache.get(digest("a"), make)
    cache.close()
    assert cache.count == 0
    cache.path(digest("a")).write_bytes(b"damaged")
    cache.get(digest("a"), make)
    assert make.times == 2


def test_those_used_longest_ago_are_closed(
    cache: ReadFileCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their files stay."""
    monkeypatch.setattr(read_file_cache, "OPEN", 2)
    for letter in "abac":
        cache.get(digest(letter), Maker(digest(letter)))
    assert cache.opened(digest("b")) is None
    assert cache.opened(digest("a")) is not None
    assert cache.opened(digest("c")) is not None
    assert cache.path(digest("b")).exists()


def test_what_is_kept_says_its_set_and_when_it_was_used(cache: ReadFileCache) -> None:
    """What was left unfinished long ago goes, what is being written stays."""
    cache.get(digest("a"), Maker(digest("a")))
    cache.note(digest("a"), "closes")
    cache.get(digest("b"), Maker(digest("b")))
    os.utime(cache.path(digest("a")), (5, 5))
    young, old = (cache.folder / f"{digest('c')}.lookup{end}" for end in ("#1", ".fetched"))
    for path in (young, old):
        path.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    kept = cache.kept()
    assert set(kept) == {digest("a"), digest("b")}
    assert kept[digest("a")] == (cache.path(digest("a")).stat().st_size, 5, "closes")
    assert kept[digest("b")].set == ""
    assert young.exists()
    assert not old.exists()


def test_what_is_removed_is_gone_for_who_asks_next(cache: ReadFileCache) -> None:
    """Of those that no part needs none stays; that is no damage for `remove`."""
    for letter in "ab":
        cache.get(digest(letter), Maker(digest(letter)))
        cache.note(digest(letter), "closes")
    cache.remove(digest("a"))
    cache.remove(digest("a"))
    assert cache.discarded == 0
    assert cache.find(digest("a")) is None
    cache.keep_only({digest("a")})
    assert [path.suffix for path in cache.folder.iterdir() if path.suffix != ".lock"] == []


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    """As a setting to change."""
    (tmp_path / "cache").write_text("a file")
    cache = ReadFileCache(tmp_path / "cache")
    assert code_of(lambda: cache.get(digest("a"), Maker(digest("a")))) == "cache"
    assert cache.kept() == {}
