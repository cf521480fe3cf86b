"""What answers by key for each version of a store: the read files of its parts, opened when they
are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from estimates.catalog.records import Version
from estimates.errors import CorruptError
from estimates.lookup.part_files import PartFiles
from estimates.lookup.parted_lookup import Lookup, PartedLookup, WouldBlock
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_cache import ReadFileCache
from estimates.lookup.read_file_writing import build
from estimates.lookup.remote_read_file import RemoteReadFile
from estimates.lookup.snapshot_parts import KnownParts, SnapshotParts
from estimates.lookup.stored_reads import is_whole
from estimates.storage import snapshot
from estimates.storage.manifests import Manifests
from estimates.storage.objects import Objects


class VersionLookups:
    """The lookups of a store's versions; threads may share them.

    files  the read files of this machine
    known  what versions consist of
    parts  what answers for each part
    """

    def __init__(self, objects: Objects, manifests: Manifests, files: ReadFileCache) -> None:
        self.files = files
        self.known = KnownParts(manifests)
        self.parts = PartFiles(objects, files)
        self._objects = objects

    def open(self, version: Version) -> Lookup:
        """What answers for a version: its read file, opened, or what opens those of its parts.

        A read file that is missing or damaged is made from the verified part; one in a bucket is
        fetched once enough was asked of it. Raises CorruptError when the snapshot itself is
        damaged, UnavailableError (`storage`, `cache`).
        """
        of = self.known.get(version)
        if len(of.parts) == 1:
            file = self.parts.reach(of, 0)
            if not isinstance(file, RemoteReadFile):
                return file
        return PartedLookup(
            of.firsts,
            of.starts,
            lambda number: self.parts.reach(of, number),
            lambda number: self.parts.discard(of.parts[number].sha256),
            lambda: self._at_hand(of),
        )

    def check(self, version: Version) -> None:
        """Find out whether a version can be read, as far as its files tell without being read.

        A part's read file is opened where it is at hand, and made where that failed before; of the
        others the Parquet file has to be there. Raises as `open` does.
        """
        of = self.known.get(version)
        for number, part in enumerate(of.parts):
            is_needed = len(of.parts) == 1 or part.sha256 in self.parts.unreadable
            if is_needed or self.parts.is_at_hand(of, number):
                self.parts.open(of, number)
            else:
                snapshot.check_size(self._objects, of.name(number), part)

    def forget(self, digests: Iterable[str]) -> None:
        """Forget parts from which something was erased, and their read files on this machine."""
        self.known.forget()
        for digest in digests:
            if self.files.opened(digest) is not None or os.path.exists(self.files.path(digest)):
                self.parts.discard(digest)

    def is_open(self, version: Version) -> bool:
        """Whether a version answers, as far as is known."""
        of = self.known.known(version)
        if of is None or self.parts.unreadable.intersection(part.sha256 for part in of.parts):
            return False
        return len(of.parts) > 1 or self.files.opened(of.parts[0].sha256) is not None

    def open_all(self, version: Version) -> None:
        """Open, or make, the read files of all parts of a version; raises as `open` does."""
        of = self.known.get(version)
        for number in range(len(of.parts)):
            self.parts.open(of, number)

    def opened(self, version: Version) -> Lookup | None:
        """The same from open files alone; None where nothing is known of the version yet.

        A lookup in several parts raises WouldBlock where one is asked for that is not open.
        """
        of = self.known.known(version)
        if of is None or len(of.parts) == 1:
            return None if of is None else self.files.opened(of.parts[0].sha256)
        return PartedLookup(
            of.firsts,
            of.starts,
            lambda number: self.files.opened(of.parts[number].sha256) or _would_block(),
            lambda _number: _would_block(),
            list,
        )

    def discard(self, version: Version) -> None:
        """Forget a version's read file, on disk too; the next use makes it again. Of several, who
        reads them forgets one by one.
        """
        parts = self.known.get(version).parts
        if len(parts) == 1:
            self.parts.discard(parts[0].sha256)

    def unmade(self, of: SnapshotParts) -> list[int]:
        """The parts whose read file is not beside them in the root yet, or damaged there."""
        stored = self.parts.stored
        places = [stored.place(of.set, part.sha256) for part in of.parts]
        left = stored.left(of.set) if None in places else set[str]()
        return [
            number
            for number, (part, place) in enumerate(zip(of.parts, places, strict=True))
            if part.sha256 not in left and (place is None or not _is_whole(place, part.sha256))
        ]

    def make(self, of: SnapshotParts, number: int, rows: pl.DataFrame | None) -> None:
        """Make the read file of a part, and leave it beside the part.

        rows  the part's, sorted by key; None: they are read where they are needed
        Raises as `open` does.
        """
        part, stored = of.parts[number], self.parts.stored
        place = stored.place(of.set, part.sha256)
        if place is None:
            # its content is there also where another process trims a cache that they share
            stored.put(of.set, part.sha256, self.parts.open(of, number, rows).content())
        else:
            rows = self.parts.rows(of, number) if rows is None else rows
            build(rows, of.manifest.shape, part.sha256, Path(place))

    def paths(self, version: Version) -> list[Path]:
        """Where the read files of a version's parts are on this machine, those that were made."""
        places = (
            (self.parts.stored.place(version.set, part.sha256), self.files.path(part.sha256))
            for part in self.known.get(version).parts
        )
        paths = [Path(path) for of_part in places for path in of_part if path is not None]
        return [path for path in paths if os.path.exists(path)]

    def keep_only(self, set_name: str, digests: set[str]) -> None:
        """Remove the read files in the store's root of all other parts of a set."""
        self.parts.stored.keep_only(set_name, digests)

    def remove_damaged(self, set_names: Iterable[str]) -> list[str]:
        """Remove read files that are not what was written, in the root and in the cache of this
        machine; gives their names.
        """
        stored = self.parts.stored
        names = [name for of_set in set_names for name in stored.remove_damaged(of_set)]
        for path in self.files.folder.glob("*.lookup"):
            if not is_whole(path):
                self.parts.discard(path.stem)
                names.append(str(path))
        return names

    def _at_hand(self, of: SnapshotParts) -> list[ReadFile]:
        """The read files of the parts that are on this machine, opened."""
        numbers = range(len(of.parts))
        files = (self.parts.here(of, number) for number in numbers)
        return [file for file in files if file is not None]


def _would_block() -> ReadFile:
    raise WouldBlock


def _is_whole(place: str, digest: str) -> bool:
    try:
        ReadFile(place, digest)
    except (OSError, CorruptError):
        return False
    return True
