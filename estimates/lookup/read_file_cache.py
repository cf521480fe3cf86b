"""The open read files of this process, and those in the cache of this machine; opened once, the
least recently used closed, made again when missing or damaged.
"""

import errno
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from estimates.errors import CorruptError, RefusedError, UnavailableError
from estimates.lookup.read_file import ReadFile
from estimates.storage.durable_file import remove_old
from estimates.storage.file_lock import file_lock

# Writes a read file at a path, at once or not at all.
Make = Callable[[Path], None]
_MADE = 2  # times that a file is made which is gone again before it is opened
_LEFT_S = 3600.0  # longer than anything takes to be written
_UNFINISHED = ("lookup.", "lookup#")  # fetched, made
OPEN = 4096  # mappings: a process may have 65,530
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_LIMITS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)  # no fault of the file


class Kept(NamedTuple):
    """A file in the cache: its size in bytes; when it was opened last, in seconds since 1970, its
    time of modification; the set that it was made for, empty where that is not known.
    """

    size: int
    used_at: float
    set: str


class ReadFileCache:
    """Open read files by the digest of their part; threads may share it.

    discarded  how many were, mostly because a read found them damaged
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._prefix = f"{folder}/"
        self.discarded = 0
        # by when each was used; cachetools' would need the lock, without which lookups read this
        self._open: OrderedDict[str, ReadFile] = OrderedDict()
        self._damaged: set[str] = set()  # what was found damaged and cannot be removed
        self._lock = threading.Lock()

    def path(self, digest: str) -> Path:
        """Where the read file of a part is, if it was made here."""
        return self.folder / f"{digest}.lookup"

    def get(self, digest: str, make: Make, elsewhere: str | None = None) -> ReadFile:
        """A read file, opened; made in the cache when it is missing or damaged.

        elsewhere  where else it may be
        Raises UnavailableError (`cache`) when it can be neither opened nor written, RefusedError
        (`cache_refused`) when that may not be.
        """
        opened = self.find(digest, elsewhere)
        if opened is None:
            opened = self._keep(digest, self._make(digest, elsewhere, make))
        return opened

    def find(self, digest: str, elsewhere: str | None = None) -> ReadFile | None:
        """A read file that is open, or is there and can be opened; raises UnavailableError
        (`cache`) where this process can open no more files.
        """
        with self._lock:
            opened = self.opened(digest)
        if opened is not None:
            return opened
        place = self._place(digest)
        with _translated(place):
            opened = _open(digest, self._places(place, elsewhere))
        if opened is None:
            return None
        if opened.path == place:
            with suppress(OSError):
                os.utime(place)
        return self._keep(digest, opened)

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._open)

    def opened(self, digest: str) -> ReadFile | None:
        """A read file that is open."""
        try:
            self._open.move_to_end(digest)
            return self._open[digest]
        except KeyError:
            return None

    def close(self) -> None:
        """Close all that are open; the next use opens them again. Who makes a thousand files, and
        reads none, would have the memory of this process full of them.
        """
        with self._lock:
            self._open.clear()

    def discard(self, digest: str) -> None:
        """Forget a read file, on disk too; the next use makes it again."""
        with self._lock:
            opened = self._open.pop(digest, None)
            self.discarded += 1
        places = {self._place(digest)}
        if opened is not None:
            places.add(str(opened.path))
        for place in places:
            try:
                Path(place).unlink(missing_ok=True)
            except OSError:  # this process may only read there
                self._damaged.add(place)
        with suppress(OSError):
            self._note_of(digest).unlink(missing_ok=True)

    def _note_of(self, digest: str) -> Path:
        return self.folder / f"{digest}.set"

    def _set_of(self, digest: str) -> str:
        with suppress(OSError, UnicodeDecodeError):
            return self._note_of(digest).read_text()
        return ""

    def _place(self, digest: str) -> str:
        # as `path`, which takes as long as mapping the file
        return f"{self._prefix}{digest}.lookup"

    def _places(self, place: str, elsewhere: str | None) -> list[str]:
        places = [place] if elsewhere is None else [elsewhere, place]
        return [place for place in places if place not in self._damaged]

    def _keep(self, digest: str, opened: ReadFile) -> ReadFile:
        with self._lock:
            self._open[digest] = opened
            while len(self._open) > OPEN:
                self._open.popitem(last=False)
        return opened

    def note(self, digest: str, set_name: str) -> None:
        """Note the set that a read file is made for, if that is possible."""
        with suppress(OSError):
            self._note_of(digest).write_text(set_name)

    def kept(self) -> dict[str, Kept]:
        """The files in the cache, by the digest of their part; what was left unfinished goes."""
        kept: dict[str, Kept] = {}
        with suppress(OSError):
            for entry in os.scandir(self.folder):
                digest, _, ending = entry.name.partition(".")
                with suppress(OSError):
                    stat = entry.stat()
                    if ending == "lookup":
                        kept[digest] = Kept(stat.st_size, stat.st_mtime, self._set_of(digest))
                    elif ending[:7] in _UNFINISHED and time.time() - stat.st_mtime > _LEFT_S:
                        os.unlink(entry.path)
        return kept

    def remove(self, digest: str) -> None:
        """Remove a file from the cache; who reads it goes on, who asks for it makes it again."""
        with self._lock:
            self._open.pop(digest, None)
        with suppress(OSError):
            self.path(digest).unlink(missing_ok=True)
            self._note_of(digest).unlink(missing_ok=True)

    def keep_only(self, digests: set[str]) -> None:
        """Remove the read files of all other parts."""
        for path in self.folder.glob("*.lookup"):
            if path.stem not in digests:
                self.discard(path.stem)

    def remove_leftovers(self) -> None:
        """Remove what was being written an hour ago and was never finished."""
        remove_old(self.folder.glob("*.lookup[.#]*"))

    def _make(self, digest: str, elsewhere: str | None, make: Make) -> ReadFile:
        place = self._place(digest)
        with _translated(place), file_lock(Path(f"{place}.lock")):
            # whoever was waited for has made it, or another process trimmed it at once
            for _ in range(_MADE):
                opened = _open(digest, self._places(place, elsewhere))
                if opened is not None:
                    return opened
                make(Path(place))
                self._damaged.discard(place)
            return ReadFile(place, digest)


def _open(digest: str, places: Sequence[str]) -> ReadFile | None:
    """The read file that is at one of some places and whole; what cannot be opened is as good as
    none. Raises OSError where this process can open no more.
    """
    for place in places:
        try:
            return ReadFile(place, digest)
        except CorruptError:
            continue
        except OSError as error:
            if error.errno in _LIMITS:
                raise
    return None


@contextmanager
def _translated(place: str) -> Iterator[None]:
    """Raise UnavailableError (`cache`), RefusedError (`cache_refused`) for what the system says."""
    try:
        yield
    except OSError as error:
        message = f"{place} can be neither opened nor written: {error.strerror}"
        if error.errno in _REFUSED:
            raise RefusedError(
                "cache_refused", message, remedy="set ESTIMATES_CACHE to a folder of yours"
            ) from error
        raise UnavailableError(
            "cache", message, remedy="set ESTIMATES_CACHE to a folder with room, or try again"
        ) from error
