"""Named bytes in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.errors import NotFoundError, UnavailableError
from estimates.storage.objects import Objects


def test_what_was_put_is_read(tmp_path: Path) -> None:
    """An object is its bytes, whole or a range; putting it again replaces it."""
    objects = Objects(str(tmp_path))
    objects.put("a/b", b"first")
    objects.put("a/b", b"second")
    assert objects.get("a/b") == b"second"
    assert objects.get_range("a/b", 1, 4) == b"eco"


def test_put_if_absent_writes_once(tmp_path: Path) -> None:
    """Only the first one writes, and it is told so."""
    objects = Objects(str(tmp_path))
    assert objects.put_if_absent("a", b"first")
    assert not objects.put_if_absent("a", b"second")
    assert objects.get("a") == b"first"


def test_names_are_sorted_and_below_the_prefix(tmp_path: Path) -> None:
    """Names under a folder, in order, and none of its neighbours."""
    objects = Objects(str(tmp_path))
    for name in ("a/2", "a/1", "ab/1"):
        objects.put(name, b"")
    assert objects.names("a") == ["a/1", "a/2"]


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    """Reading is `no_object`, deleting is no error, there is no Stat."""
    objects = Objects(str(tmp_path))
    with pytest.raises(NotFoundError) as error:
        objects.get("a")
    assert error.value.code == "no_object"
    objects.delete("a")
    assert objects.stat("a") is None
    assert not objects.exists("a")


def test_a_root_that_cannot_be_opened_is_unavailable() -> None:
    """A URL of no known storage is `storage`."""
    with pytest.raises(UnavailableError) as error:
        Objects("nowhere://bucket")
    assert error.value.code == "storage"
