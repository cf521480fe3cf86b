"""Objects: named bytes in a folder or a bucket, the same code for both; the only place that knows
obstore.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.exceptions import NotFoundError as ObjectNotFound
from obstore.store import LocalStore, from_url

from estimates.errors import NotFoundError, UnavailableError


class Stat(msgspec.Struct, frozen=True):
    """What the storage says of an object: its size in bytes, and a mark that changes when it is
    written again.
    """

    size: int
    mark: str


class Objects:
    """Named bytes under a root: a folder, or a URL such as s3://bucket/prefix.

    Storage is asked for nothing but put, put-if-absent, get, list and delete. In a folder each put
    is durable when it returns: obstore renames a finished file into place but never calls fsync, so
    that is done here.
    Raises UnavailableError (`storage`) when the storage does not answer.
    """

    def __init__(self, root: str) -> None:
        self.folder = None if "://" in root else Path(root).absolute()
        try:
            self._store = LocalStore(self.folder) if self.folder else from_url(root)
        except (BaseError, ValueError) as error:
            raise UnavailableError(
                "storage", f"{root}: cannot be opened: {_first_line(error)}"
            ) from error
        self.root = str(self.folder or root)

    def put(self, name: str, content: bytes) -> None:
        """Write or replace an object, at once or not at all."""
        with self._answering(name):
            obstore.put(self._store, name, content)
            self._make_durable(name)

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """Write an object unless there is one of that name; says whether it was written."""
        written = True
        with self._answering(name):
            try:
                obstore.put(self._store, name, content, mode="create")
            except AlreadyExistsError:
                written = False
            # Also when it was there: the one who wrote it may not have come as far as fsync.
            self._make_durable(name)
        return written

    def get(self, name: str) -> bytes:
        """The bytes of an object; raises NotFoundError (`no_object`)."""
        with self._existing(name):
            return bytes(obstore.get(self._store, name).bytes())

    def get_range(self, name: str, start: int, stop: int) -> bytes:
        """The bytes of an object from `start` up to `stop`, at least one; raises NotFoundError
        (`no_object`).
        """
        with self._existing(name):
            return bytes(obstore.get_range(self._store, name, start=start, end=stop))

    def stat(self, name: str) -> Stat | None:
        """Size and mark of an object; None when there is none of that name."""
        try:
            with self._existing(name):
                meta = obstore.head(self._store, name)
        except NotFoundError:
            return None
        return Stat(meta["size"], meta["e_tag"] or str(meta["last_modified"]))

    def exists(self, name: str) -> bool:
        """Whether there is an object of that name."""
        return self.stat(name) is not None

    def names(self, prefix: str) -> list[str]:
        """The names under a prefix (a folder's path, without the slash at its end), sorted."""
        return sorted(self.written(prefix))

    def written(self, prefix: str) -> dict[str, datetime]:
        """When each object under a prefix was written last, by the storage's clock."""
        with self._answering(prefix):
            return {
                meta["path"]: meta["last_modified"]
                for batch in obstore.list(self._store, prefix)
                for meta in batch
            }

    def delete(self, name: str) -> None:
        """Remove an object; one that is gone already is no error."""
        with suppress(NotFoundError), self._existing(name):
            obstore.delete(self._store, name)

    def move(self, name: str, to: str) -> None:
        """Give an object another name, replacing what has it; one that is gone is no error."""
        with suppress(NotFoundError), self._existing(name):
            obstore.rename(self._store, name, to)
            self._make_durable(to)

    def is_linked(self, name: str) -> bool:
        """Whether a symbolic link below the root leads to a name: what is there is not ours."""
        if self.folder is None:
            return False
        path = self.folder / name
        return any(
            place.is_symlink()
            for place in (path, *path.parents)
            if place != self.folder and place.is_relative_to(self.folder)
        )

    @contextmanager
    def _answering(self, name: str) -> Iterator[None]:
        """Whatever the storage fails with is an UnavailableError."""
        try:
            yield
        except (BaseError, OSError) as error:
            raise UnavailableError(
                "storage", f"{self.root}/{name}: the storage failed: {_first_line(error)}; retry"
            ) from error

    @contextmanager
    def _existing(self, name: str) -> Iterator[None]:
        """The same, and an object that is not there is a NotFoundError."""
        with self._answering(name):
            try:
                yield
            except (ObjectNotFound, FileNotFoundError):
                raise NotFoundError("no_object", f"{self.root}/{name} does not exist") from None

    def _make_durable(self, name: str) -> None:
        """Flush a file and the folders that name it to the disk."""
        if self.folder is None:
            return
        path = self.folder / name
        while path != self.folder.parent:
            # What a sweep removed meanwhile needs no flushing: the commit will refuse it.
            with suppress(FileNotFoundError):
                _flush(path)
            path = path.parent


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
