"""One key in many versions: parts that versions share are read once, and no read file is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from io import BytesIO
from threading import Lock
from typing import NamedTuple

from cachetools import LRUCache

from estimates.catalog.records import Version
from estimates.errors import CorruptError
from estimates.keys.search_key import SearchKey
from estimates.lookup.part_files import PartFiles
from estimates.lookup.snapshot_parts import KnownParts, SnapshotParts
from estimates.lookup.stored_row import stored_row
from estimates.storage import snapshot
from estimates.storage.data_files import DataFiles
from estimates.storage.objects import Objects

_REQUESTS = 32  # to a bucket at a time
_READERS = 2  # threads that read files of this machine
_MEMOIZED = 1 << 16  # rows that took more than a look into a file of this machine

Guard = Callable[[Version], AbstractContextManager[None]]


class _Place(NamedTuple):
    """Where a key is, if it is anywhere: in a part of a version."""

    version: Version
    of: SnapshotParts
    number: int


class KeyRows:
    """The rows of one key in many versions; threads may share it."""

    def __init__(
        self, objects: Objects, known: KnownParts, files: PartFiles, data_files: DataFiles
    ) -> None:
        self._objects = objects
        self._known = known
        self._files = files
        self._data_files = data_files
        self._lock = Lock()
        self._memo: LRUCache[tuple[str, bytes], bytes | None] = LRUCache(_MEMOIZED)

    def get(self, versions: Sequence[Version], key: SearchKey, guard: Guard) -> list[bytes | None]:
        """The row of a whole key in each version; None where it has none.

        A part is read by its read file where there is one, in a bucket by ranges; else its row is
        read from its Parquet file, once that is verified.
        guard  entered around all that is read of a version from the storage
        Raises CorruptError when a part is damaged, UnavailableError (`storage`).
        """
        search, rows = key[0], dict[str, bytes | None]()
        digests: list[str | None] = []
        elsewhere: dict[str, _Place] = {}
        covering: set[str] = set()  # parts that have the row if there is one
        # versions mostly have the same keys: a row is near its row in the one before
        number = near = 0
        for version, of in zip(versions, self._parts_of(versions, guard), strict=True):
            if len(of.parts) == 1:
                number = 0
            elif not (0 <= number < len(of.parts) and of.parts[number].sha256 in covering):
                number = of.number_of(search)
                if of.covers(number, search):
                    covering.add(of.parts[number].sha256)
            digest = of.parts[number].sha256 if number >= 0 else None
            digests.append(digest)
            if digest is None or digest in rows or digest in elsewhere:
                continue
            file = self._files.here(of, number)
            try:
                if file is not None:
                    rows[digest], near = file.get_near(key, near)
                    continue
            except CorruptError:
                self._files.discard(digest)
            elsewhere[digest] = _Place(version, of, number)
        rows.update(self._read_elsewhere(elsewhere, key, guard))
        return [None if digest is None else rows[digest] for digest in digests]

    def _parts_of(self, versions: Sequence[Version], guard: Guard) -> Sequence[SnapshotParts]:
        """What each version consists of; manifests of a bucket are read at the same time."""

        def read(version: Version) -> SnapshotParts:
            with guard(version):
                return self._known.get(version)

        known = [self._known.known(version) for version in versions]
        unknown = [version for version, of in zip(versions, known, strict=True) if of is None]
        if len(unknown) > 1:
            self._known.read_ahead(unknown)
        alone = [version for version in unknown if not self._known.is_at_hand(version)]
        if self._objects.folder is None and len(alone) > 1:
            with ThreadPoolExecutor(_REQUESTS) as threads:
                list(threads.map(read, alone))
        return [of or read(version) for version, of in zip(versions, known, strict=True)]

    def _read_elsewhere(
        self, places: dict[str, _Place], key: SearchKey, guard: Guard
    ) -> dict[str, bytes | None]:
        """The rows in parts that have no read file on this machine, by digest."""
        rows = {
            digest: self._memo[digest, key[0]]
            for digest in places
            if (digest, key[0]) in self._memo
        }
        unread = [digest for digest in places if digest not in rows]
        if unread:
            threads = _READERS if self._objects.folder is not None else _REQUESTS
            with ThreadPoolExecutor(threads) as pool:
                rows.update(self._read_all({d: places[d] for d in unread}, key, guard, pool))
        with self._lock:
            self._memo.update(((digest, key[0]), rows[digest]) for digest in unread)
        return rows

    def _read_all(
        self, places: dict[str, _Place], key: SearchKey, guard: Guard, pool: ThreadPoolExecutor
    ) -> dict[str, bytes | None]:
        """The rows in parts, by digest, as many at a time as there are threads.

        Of read files in a bucket the first one that is open tells the others where the key is.
        """
        near: int | None = None
        looking = Lock()

        def read(place: _Place) -> bytes | None:
            nonlocal near
            with guard(place.version):
                try:
                    file = self._files.remote(place.of, place.number)
                    if file is not None:
                        with looking:
                            near = file.group_of(key) if near is None else near
                        return file.get_near(key, near)[0]
                except CorruptError:
                    self._files.discard(place.of.parts[place.number].sha256)
                return self._stored(place, key)

        return dict(zip(places, pool.map(read, places.values()), strict=True))

    def _stored(self, place: _Place, key: SearchKey) -> bytes | None:
        """The row in a part's verified Parquet file."""
        name, part = place.of.name(place.number), place.of.parts[place.number]
        path = None
        if self._objects.folder is not None:
            path = self._data_files.open_part(name, part).path
        parquet = path or BytesIO(snapshot.read_part(self._objects, name, part))
        return stored_row(parquet, place.of.manifest.shape, key)
