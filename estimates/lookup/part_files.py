"""The read files of parts: opened, fetched, made; or read in the bucket while little is asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

import polars as pl
from cachetools import LRUCache

from estimates.errors import CorruptError
from estimates.lookup.cache_bound import Added
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_cache import ReadFileCache
from estimates.lookup.read_file_writing import build
from estimates.lookup.remote_read_file import RemoteReadFile
from estimates.lookup.snapshot_parts import SnapshotParts
from estimates.lookup.stored_reads import StoredReads
from estimates.storage import snapshot
from estimates.storage.objects import Objects

REMOTE_USES = 10  # of one file, by four or five requests each; then it is fetched
_REMOTE = 256  # files that are read by ranges at a time


class PartFiles:
    """What answers by key for each part; threads may share it.

    files       the read files of this machine
    stored      those in the store's root
    unreadable  parts whose read file could not be made
    on_added    called with each file that was added to those of this machine
    """

    def __init__(self, objects: Objects, files: ReadFileCache) -> None:
        self.files = files
        self.stored = StoredReads(objects)
        self.unreadable: set[str] = set()
        self.on_added: Callable[[Added], None] = lambda added: None
        self._objects = objects
        self._remote: LRUCache[str, RemoteReadFile] = LRUCache(_REMOTE)
        self._lock = Lock()
        self._damaged: set[str] = set()  # in the bucket
        self._fetching: set[str] = set()

    def open(self, of: SnapshotParts, number: int, rows: pl.DataFrame | None = None) -> ReadFile:
        """The read file of a part on this machine: opened, fetched, or made from its rows.

        Raises CorruptError when the part itself is damaged, UnavailableError (`storage`, `cache`),
        RefusedError (`cache_refused`).
        """
        part, shape = of.parts[number], of.manifest.shape
        added = False

        def make(path: Path) -> None:
            nonlocal added
            added = True
            self.files.note(part.sha256, of.set)
            if self._objects.folder is None and self.stored.fetch(of.set, part.sha256, path):
                return
            build(self.rows(of, number) if rows is None else rows, shape, part.sha256, path)

        try:
            opened = self.files.get(part.sha256, make, self.stored.place(of.set, part.sha256))
        except CorruptError:
            self.unreadable.add(part.sha256)
            self.discard(part.sha256)  # which tells the service to look again
            raise
        self.unreadable.discard(part.sha256)
        self._forget_remote(part.sha256)
        if added:
            self.on_added(Added(of.set, part.sha256, part.rows))
        return opened

    def reach(self, of: SnapshotParts, number: int) -> ReadFile:
        """The same, but that a file in a bucket is only fetched when enough was asked of it: then
        by one who asks, while others read on.
        """
        digest = of.parts[number].sha256
        if (opened := self.files.opened(digest)) is not None:  # all but the first time
            return opened
        remote = None if self.is_at_hand(of, number) else self.remote(of, number)
        if remote is None:
            return self.open(of, number)
        remote.uses += 1
        if remote.uses <= REMOTE_USES or digest in self._fetching:
            return remote
        self._fetching.add(digest)
        try:
            return self.open(of, number)
        finally:
            self._fetching.discard(digest)

    def remote(self, of: SnapshotParts, number: int) -> RemoteReadFile | None:
        """The read file of a part in the bucket, to be read by ranges; None where there is none
        that is whole, or no bucket.
        """
        digest = of.parts[number].sha256
        if self._objects.folder is not None or digest in self._damaged:
            return None
        remote = self._remote.get(digest)
        if remote is None:
            name, fetch = self.stored.ranges(of.set, digest)
            with suppress(CorruptError):
                remote = RemoteReadFile(name, digest, fetch, lambda: self.open(of, number))
                with self._lock:
                    self._remote[digest] = remote
        return remote

    def here(self, of: SnapshotParts, number: int) -> ReadFile | None:
        """The read file of a part, if it is on this machine and whole."""
        digest = of.parts[number].sha256
        return self.files.opened(digest) or self.files.find(
            digest, self.stored.place(of.set, digest)
        )

    def is_at_hand(self, of: SnapshotParts, number: int) -> bool:
        """Whether there is a read file of a part on this machine."""
        digest = of.parts[number].sha256
        return (
            self.files.opened(digest) is not None
            or os.path.exists(self.files.path(digest))
            or os.path.isfile(self.stored.place(of.set, digest) or "")
        )

    def discard(self, digest: str) -> None:
        """Forget a damaged read file, on disk too; what is in a bucket is not read by ranges any
        more.
        """
        if self._forget_remote(digest):
            self._damaged.add(digest)
        self.files.discard(digest)

    def _forget_remote(self, digest: str) -> bool:
        with self._lock:
            return self._remote.pop(digest, None) is not None

    def rows(self, of: SnapshotParts, number: int) -> pl.DataFrame:
        """The rows of a part, verified; raises CorruptError."""
        return pl.read_parquet(snapshot.read_part(self._objects, of.name(number), of.parts[number]))
