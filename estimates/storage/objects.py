"""Objects: named bytes in a folder or a bucket, the same code for both; with
`storage_errors` the only place that knows obstore.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.exceptions import NotFoundError as ObjectNotFound
from obstore.store import LocalStore, from_url

from estimates.errors import NotFoundError, RefusedError, UnavailableError
from estimates.settings import network_settings
from estimates.storage.durable_file import flush_names, remove_old, write_durably
from estimates.storage.storage_errors import is_panic, storage_error

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

# How long a bucket may be silent: connecting, then before and within an answer. A request's own
# bytes count as silence, so they are sent in pieces that a slow line takes within that time.
CONNECT_S = 2
SILENCE_S = 10
BRIEFLY_S = 3  # of what is only looked at beside an answer
PIECE = 5 * 1024 * 1024  # bytes; the least that S3 takes as a piece of a larger object
CALL_WAIT_S = 0.5  # for a place, where calls are limited
_READ = 1 << 20  # bytes of a file at a time; larger ones take three times as long to make room for
CLOCK = "clock.json"  # what is written to learn the time of a bucket
_AT_A_TIME = 2  # pieces on the way
_SLOW = 500_000  # bytes a second: a line of less cannot write what must be one request
_WHOLE_S = 3600  # a download that goes on
_RETRY: "RetryConfig" = {
    "max_retries": 10,
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
}


def check_root(root: str) -> None:
    """Raises RefusedError (`storage_refused`) for a name or a URL at which nothing can be kept."""
    utf8 = root.encode(errors="backslashreplace").decode()
    if not root or "\0" in root or utf8 != root:
        raise RefusedError(
            "storage_refused",
            f"'{utf8}' is no name of a folder or bucket in UTF-8",
            remedy="write the path of a folder, such as /mnt/estimates, or s3://BUCKET/PREFIX",
        )
    if root.startswith(("az://", "azure://", "adl://")):  # obstore panics without the account
        raise RefusedError(
            "storage_refused",
            f"{root}: names no account",
            remedy="name it, too: abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/…",
        )
    if root.startswith(("file:", "memory:")):
        raise RefusedError(
            "storage_refused",
            f"{root}: what is written there is not flushed to a disk",
            remedy="write the path of a folder, such as /mnt/estimates",
        )


class Stat(msgspec.Struct, frozen=True):
    """What the storage says of an object: its size in bytes, and a mark that changes when it is
    written again.
    """

    size: int
    mark: str


class Objects:
    """Named bytes under a root: a folder, or a URL such as s3://bucket/prefix.

    Storage is asked for nothing but put, put-if-absent, get, list and delete. In a folder each put
    is durable when it returns, and a name is never there before its bytes are: obstore never calls
    fsync, so files are written here.
    Raises UnavailableError (`storage`) when the storage does not answer, and RefusedError
    (`storage_refused`) when it never will as things are.

    away  whether a call is refused at once (`storage`): who serves knows that it would hang
    """

    def __init__(self, root: str, silence_s: int = SILENCE_S) -> None:
        """A root whose storage may be silent for `silence_s` seconds before a call gives up."""
        self._silence_s = silence_s
        self.away = False
        self._calls: threading.BoundedSemaphore | None = None
        self.folder = None if "://" in root else Path(root).absolute()
        self.root = str(self.folder or root)
        check_root(root)
        self._network = network_settings()
        self._waiting = lru_cache(maxsize=8)(self._opened)
        try:
            self._store: ObjectStore = self._waiting(silence_s)
        except (BaseError, ValueError) as error:
            if self.folder is not None and _is_missing(self.folder):
                raise RefusedError(
                    "storage_refused",
                    f"{root}: there is no such folder",
                    remedy="name one that is there, or a bucket",
                ) from error
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise RefusedError(
                "storage_refused",
                f"{root}: cannot be opened: {reason}",
                remedy="name a folder that you may write to, or s3://BUCKET/PREFIX",
            ) from error

    def limit_calls(self, count: int) -> None:
        """Let at most so many calls wait for the storage at a time; another one gives up after
        CALL_WAIT_S.
        """
        self._calls = threading.BoundedSemaphore(count)

    def put(self, name: str, content: bytes) -> None:
        """Write or replace an object, at once or not at all."""
        with self._answering(name):
            if self.folder is not None:
                write_durably(self.folder / name, (content,), replacing=True)
                self._make_durable(name)
                return
            obstore.put(self._store, name, content, chunk_size=PIECE, max_concurrency=_AT_A_TIME)

    def put_once(self, name: str, content: bytes) -> None:
        """Write an object whose name says its content, unless it is there as a whole."""
        stat = self.stat(name)
        if stat is not None and stat.size == len(content):
            with suppress(NotFoundError):  # a sweep takes it meanwhile: it is written again
                if self.get(name) == content:
                    with self._existing(name):
                        # whoever wrote it may not have come as far as fsync
                        self._make_durable(name)
                    return
        self.put(name, content)

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """Write an object unless there is one of that name; says whether it was written."""
        with self._answering(name):
            if self.folder is not None:
                written = write_durably(self.folder / name, (content,), replacing=False)
                # Also when it was there: the one who wrote it may not have come as far as that.
                self._make_durable(name)
                return written
            # Always one request, however large: it may be silent for as long as that takes to send.
            pieces = len(content) // PIECE
            store = self._waiting(self._silence_s + pieces * (PIECE // _SLOW))
            try:
                obstore.put(store, name, content, mode="create")
            except AlreadyExistsError:
                return False
            return True

    def get(self, name: str) -> bytes:
        """The bytes of an object; raises NotFoundError (`no_object`)."""
        with self._existing(name):
            if self.folder is None:
                return bytes(obstore.get(self._store, name).bytes())
            with open(f"{self.folder}/{name}", "rb", buffering=0) as file:
                return file.readall()

    def get_range(self, name: str, start: int, stop: int) -> bytes:
        """The bytes of an object from `start` up to `stop`, at least one; raises NotFoundError
        (`no_object`).
        """
        with self._existing(name):
            return bytes(obstore.get_range(self._store, name, start=start, end=stop))

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of an object, a few megabytes at a time; raises NotFoundError (`no_object`)."""
        stream = self._stream(name)
        while True:
            with self._existing(name):  # not while the piece is used, which may take long
                piece = next(stream, None)
            if piece is None:
                return
            yield bytes(piece)

    def put_pieces(self, name: str, pieces: Iterator[bytes], *, flushed: bool = True) -> None:
        """Write or replace an object by bytes that come in pieces, at once or, where `pieces`
        raises, not at all.

        In a folder the bytes are durable when it returns, or with `flushed` false only after
        `make_all_durable`, as the name is.
        """
        with self._answering(name):
            if self.folder is not None:
                write_durably(self.folder / name, pieces, replacing=True, flushed=flushed)
                return
            # one request where it is small; what is not closed never gets its name
            writer = obstore.open_writer(
                self._store, name, buffer_size=PIECE, max_concurrency=_AT_A_TIME
            )
            for piece in pieces:
                writer.write(piece)
            writer.close()

    def make_all_durable(self) -> None:
        """Flush what `put_pieces` wrote to the disk, and its names."""
        if self.folder is not None:
            os.sync()

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

    def clock(self) -> datetime:
        """What the storage's clock says, to the second: an object is written for it."""
        self.put(CLOCK, b"{}")
        with self._existing(CLOCK):
            return obstore.head(self._store, CLOCK)["last_modified"]

    def names(self, prefix: str) -> list[str]:
        """The names under a prefix (a folder's path, without the slash at its end), sorted."""
        return sorted(self.written(prefix))

    def written(self, prefix: str) -> dict[str, datetime]:
        """When each object under a prefix was written last, by the storage's clock."""
        return {meta["path"]: meta["last_modified"] for meta in self._listed(prefix)}

    def sizes(self, prefix: str) -> dict[str, int]:
        """The size in bytes of each object under a prefix."""
        return {meta["path"]: meta["size"] for meta in self._listed(prefix)}

    def holds(self, prefix: str) -> bool:
        """Whether there is any object under a prefix."""
        with self._answering(prefix):
            return any(batch for batch in obstore.list(self._store, prefix))

    def delete(self, name: str) -> None:
        """Remove an object; one that is gone already is no error."""
        with suppress(NotFoundError), self._existing(name):
            obstore.delete(self._store, name)

    def move(self, name: str, to: str) -> None:
        """Give an object another name, replacing what has it; one that is gone is no error.

        Raises RefusedError (`storage_refused`) where a symbolic link leads out of the root.
        """
        if self.is_linked(to):
            raise RefusedError(
                "storage_refused",
                f"{self.root}/{to} lies behind a symbolic link: nothing is moved there",
                remedy="put a folder in its place",
            )
        with suppress(NotFoundError), self._existing(name):
            obstore.rename(self._store, name, to)
            self._make_durable(to)

    def remove_leftovers(self) -> None:
        """Remove what interrupted writes left beside finished files in a folder an hour ago."""
        if self.folder is None:
            return
        remove_old(self.folder.glob("sets/**/*#*"))

    def keeps_versions(self, name: str) -> bool:
        """Whether the storage keeps what is deleted or replaced, as an older version of an object;
        asked of one that is there.
        """
        with self._existing(name):
            return obstore.head(self._store, name)["version"] is not None

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
        """Whatever the storage fails with is an UnavailableError or a RefusedError."""
        calls = self._calls
        if self.away or (calls is not None and not calls.acquire(timeout=CALL_WAIT_S)):
            raise UnavailableError(
                "storage", f"{self.root}: does not answer", remedy="retry once it does"
            )
        try:
            yield
        except BaseException as error:
            if not isinstance(error, BaseError | OSError) and not is_panic(error):
                raise
            raise storage_error(f"{self.root}/{name}", error) from error
        finally:
            if calls is not None:
                calls.release()

    @contextmanager
    def _existing(self, name: str) -> Iterator[None]:
        """The same, and an object that is not there is a NotFoundError."""
        with self._answering(name):
            try:
                yield
            except (ObjectNotFound, FileNotFoundError) as error:
                if "<Code>NoSuchBucket</Code>" in str(error):
                    raise
                raise NotFoundError(
                    "no_object",
                    f"{self.root}/{name} does not exist",
                    remedy="look whether it was moved, or name another",
                ) from None

    def _listed(self, prefix: str) -> "list[ObjectMeta]":
        with self._answering(prefix):
            return [meta for batch in obstore.list(self._store, prefix) for meta in batch]

    def _stream(self, name: str) -> Iterator[Any]:
        if self.folder is None:
            yield from obstore.get(self._store, name).stream(min_chunk_size=PIECE)
            return
        with open(self.folder / name, "rb", buffering=0) as file:
            while piece := file.read(_READ):
                yield piece

    def _opened(self, silence_s: int) -> "ObjectStore":
        """The storage, where an answer may take so many seconds to begin or go on."""
        if self.folder is not None:
            return LocalStore(self.folder)
        options: Any = {
            "connect_timeout": f"{CONNECT_S}s",
            "read_timeout": f"{silence_s}s",
            "timeout": f"{_WHOLE_S}s",
        }
        if self.root.startswith("http://"):  # a web address: whoever typed it means it
            options["allow_http"] = True
        client: ClientConfig = options | self._network
        # no attempt begins later after the first: a call ends within twice that of silence
        retry: RetryConfig = {**_RETRY, "retry_timeout": timedelta(seconds=self._silence_s)}
        return from_url(self.root, client_options=client, retry_config=retry)

    def _make_durable(self, name: str) -> None:
        """Flush a file and the folders that name it to the disk."""
        if self.folder is not None:
            flush_names(self.folder / name, self.folder)


def _is_missing(folder: Path) -> bool:
    """Whether there is no such folder; one at which nobody may look is another matter."""
    try:
        return not folder.is_dir()
    except OSError:
        return False
