"""The read files of this machine: opened once, the least recently used closed, built again when
missing or damaged.
"""

import errno
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl

from estimates.contract.contract import Contract
from estimates.errors import CorruptError, RefusedError, UnavailableError
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_writing import build
from estimates.storage.file_lock import file_lock

# The rows of a snapshot and the contract they were published under.
Read = Callable[[], tuple[pl.DataFrame, Contract]]
OPEN = 4096  # mappings: a process may have 65,530


class ReadFileCache:
    """Open read files by snapshot, in the cache folder of this machine; threads may share it.

    discarded  how many were, mostly because a read found them damaged
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._prefix = f"{folder}/"
        self.discarded = 0
        self._open: OrderedDict[str, ReadFile] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, snapshot_id: str) -> Path:
        """Where a snapshot's read file is."""
        return self.folder / f"{snapshot_id}.lookup"

    def get(self, snapshot_id: str, read: Read) -> ReadFile:
        """A read file, opened; built from what `read` gives when it is missing or damaged.

        Raises UnavailableError (`cache`) when it can be neither opened nor written, RefusedError
        (`cache_refused`) when that may not be.
        """
        with self._lock:
            opened = self.opened(snapshot_id)
        if opened is not None:
            return opened
        opened = self._open_or_build(snapshot_id, read)
        with self._lock:
            self._open[snapshot_id] = opened
            while len(self._open) > OPEN:
                self._open.popitem(last=False)
        return opened

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._open)

    def opened(self, snapshot_id: str) -> ReadFile | None:
        """A read file that is open."""
        try:
            self._open.move_to_end(snapshot_id)
            return self._open[snapshot_id]
        except KeyError:
            return None

    def discard(self, snapshot_id: str) -> None:
        """Forget a read file, on disk too; the next use builds it again."""
        with self._lock:
            self._open.pop(snapshot_id, None)
            self.discarded += 1
        self.path(snapshot_id).unlink(missing_ok=True)

    def keep_only(self, snapshot_ids: set[str]) -> None:
        """Remove the read files of all other snapshots."""
        for path in self.folder.glob("*.lookup"):
            if path.stem not in snapshot_ids:
                self.discard(path.stem)

    def _open_or_build(self, snapshot_id: str, read: Read) -> ReadFile:
        # as `path`, which takes as long as mapping the file
        path = f"{self._prefix}{snapshot_id}.lookup"
        try:
            with suppress(FileNotFoundError, CorruptError):
                return ReadFile(path, snapshot_id)
            with file_lock(Path(f"{path}.lock")):
                # whoever was waited for has built it
                with suppress(FileNotFoundError, CorruptError):
                    return ReadFile(path, snapshot_id)
                frame, contract = read()
                build(frame, contract.shape(), snapshot_id, Path(path))
                return ReadFile(path, snapshot_id)
        except OSError as error:
            message = f"{path} can be neither opened nor written: {error.strerror}"
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise RefusedError(
                    "cache_refused", f"{message}; set ESTIMATES_CACHE to a folder of yours"
                ) from error
            raise UnavailableError("cache", message) from error
