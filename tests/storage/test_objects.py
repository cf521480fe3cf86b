"""Named bytes in a folder and in a bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.errors import NotFoundError, RefusedError
from estimates.storage.objects import Objects, Stat


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def objects(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Objects:
    """An empty root: a folder, then a prefix in a bucket of a real S3 server."""
    if request.param == "folder":
        return Objects(str(tmp_path))
    server = request.getfixturevalue("s3")
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return Objects(f"s3://{server.bucket()}/prefix")


def test_what_was_put_is_read(objects: Objects) -> None:
    """An object is its bytes, whole or a range; putting it again replaces it."""
    objects.put("a/b", b"first")
    objects.put("a/b", b"second")
    assert objects.get("a/b") == b"second"
    assert objects.get_range("a/b", 1, 4) == b"eco"


def test_put_if_absent_writes_once(objects: Objects) -> None:
    """Only the first one writes, and it is told so."""
    assert objects.put_if_absent("a", b"first")
    assert not objects.put_if_absent("a", b"second")
    assert objects.get("a") == b"first"


def test_what_is_taken_while_it_is_looked_at_is_written_again(objects: Objects) -> None:
    """A sweep between the look and the reading loses no object that is published meanwhile."""
    objects.put("sets/x/part", b"content")

    def looked(name: str) -> Stat | None:
        stat = Objects.stat(objects, name)
        objects.delete(name)
        return stat

    objects.stat = looked  # type: ignore[method-assign]
    objects.put_once("sets/x/part", b"content")
    assert objects.get("sets/x/part") == b"content"


def test_names_are_sorted_and_below_the_prefix(objects: Objects) -> None:
    """Names under a folder, in order, and none of its neighbours."""
    for name in ("a/2", "a/1", "ab/1"):
        objects.put(name, b"")
    assert objects.names("a") == ["a/1", "a/2"]


def test_what_is_not_there_is_not_found(objects: Objects) -> None:
    """Reading is `no_object`, deleting is no error, there is no Stat."""
    with pytest.raises(NotFoundError) as error:
        objects.get("a")
    assert error.value.code == "no_object"
    objects.delete("a")
    assert objects.stat("a") is None
    assert not objects.exists("a")


def test_a_root_that_cannot_be_opened_is_refused() -> None:
    """A URL of no known storage is `storage_refused`."""
    with pytest.raises(RefusedError) as error:
        Objects("nowhere://bucket")
    assert error.value.code == "storage_refused"
