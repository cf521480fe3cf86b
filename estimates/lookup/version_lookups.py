"""What answers by key for each version of a store: the read files of its parts, opened when they
are asked for.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import polars as pl
from cachetools import LRUCache

from estimates.catalog.records import Version
from estimates.contract.shape import Shape
from estimates.errors import CorruptError
from estimates.keys.search_key import SEARCH_TEXT, search_template
from estimates.lookup.parted_lookup import Lookup, PartedLookup, WouldBlock
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_cache import ReadFileCache
from estimates.lookup.read_file_writing import build
from estimates.lookup.stored_reads import StoredReads, is_whole
from estimates.storage import snapshot
from estimates.storage.manifests import Manifests
from estimates.storage.objects import Objects
from estimates.storage.parts import Part
from estimates.storage.snapshot import Manifest

_IN_MEMORY = 4096  # snapshots of which it is known what they consist of


class _Parts(NamedTuple):
    """What a snapshot consists of.

    firsts  the search keys of the parts' first rows
    starts  the number of each part's first row, and the number of all rows
    """

    set: str
    manifest: Manifest
    parts: tuple[Part, ...]
    firsts: list[bytes]
    starts: list[int]


class VersionLookups:
    """The lookups of a store's versions; threads may share them.

    files  the read files of this machine
    """

    def __init__(self, objects: Objects, manifests: Manifests, files: ReadFileCache) -> None:
        self.files = files
        self._objects = objects
        self._manifests = manifests
        self._stored = StoredReads(objects)
        self._known: LRUCache[str, _Parts] = LRUCache(_IN_MEMORY)
        self._unreadable: set[str] = set()  # parts whose read file could not be made

    def open(self, version: Version) -> Lookup:
        """What answers for a version: its read file, opened, or what opens those of its parts.

        A read file that is missing or damaged is made from the verified part. Raises CorruptError
        when the snapshot itself is damaged, UnavailableError (`storage`, `cache`).
        """
        of = self._parts(version)
        if len(of.parts) == 1:
            return self._open(of, 0)
        return PartedLookup(
            of.firsts,
            of.starts,
            lambda number: self._open(of, number),
            lambda number: self.files.discard(of.parts[number].sha256),
            lambda: self._at_hand(of),
        )

    def check(self, version: Version) -> None:
        """Find out whether a version can be read, as far as its files tell without being read.

        A part's read file is opened where it is at hand, and made where that failed before; of the
        others the Parquet file has to be there. Raises as `open` does.
        """
        of = self._parts(version)
        for number, part in enumerate(of.parts):
            name = of.manifest.name_of(of.set, part)
            if len(of.parts) == 1 or self._is_at_hand(of, part) or part.sha256 in self._unreadable:
                self._open(of, number)
            elif (stat := self._objects.stat(name)) is None:
                raise snapshot.missing(self._objects, name)
            elif stat.size != part.size:
                raise snapshot.damaged(self._objects, name, part, stat.size)

    def is_open(self, version: Version) -> bool:
        """Whether a version answers, as far as is known."""
        of = self._known.get(version.snapshot_id)
        if of is None or self._unreadable.intersection(part.sha256 for part in of.parts):
            return False
        return len(of.parts) > 1 or self.files.opened(of.parts[0].sha256) is not None

    def open_all(self, version: Version) -> None:
        """Open, or make, the read files of all parts of a version; raises as `open` does."""
        of = self._parts(version)
        for number in range(len(of.parts)):
            self._open(of, number)

    def opened(self, version: Version) -> Lookup | None:
        """The same from open files alone; None where nothing is known of the version yet.

        A lookup in several parts raises WouldBlock where one is asked for that is not open.
        """
        of = self._known.get(version.snapshot_id)
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
        parts = self._parts(version).parts
        if len(parts) == 1:
            self.files.discard(parts[0].sha256)

    def make(self, version: Version, frame: pl.DataFrame) -> None:
        """Make the read files of a version's parts that are not there yet, beside the parts.

        frame  its rows, sorted by key
        """
        of = self._parts(version)
        for number, part in enumerate(of.parts):
            rows = frame.slice(of.starts[number], part.rows)
            place = self._stored.place(of.set, part.sha256)
            if place is None:
                self._open(of, number, rows)
                self._stored.put(of.set, part.sha256, self.files.path(part.sha256))
            elif self.files.opened(part.sha256) is None and not _is_whole(place, part.sha256):
                build(rows, of.manifest.shape, part.sha256, Path(place))

    def paths(self, version: Version) -> list[Path]:
        """Where the read files of a version's parts are on this machine, those that were made."""
        places = (
            (self._stored.place(version.set, part.sha256), self.files.path(part.sha256))
            for part in self._parts(version).parts
        )
        paths = [Path(path) for of_part in places for path in of_part if path is not None]
        return [path for path in paths if path.exists()]

    def keep_only(self, set_name: str, digests: set[str]) -> None:
        """Remove the read files in the store's root of all other parts of a set."""
        self._stored.keep_only(set_name, digests)

    def remove_damaged(self, set_names: Iterable[str]) -> list[str]:
        """Remove read files that are not what was written, in the root and in the cache of this
        machine; gives their names.
        """
        names = [name for of_set in set_names for name in self._stored.remove_damaged(of_set)]
        for path in self.files.folder.glob("*.lookup"):
            if not is_whole(path):
                self.files.discard(path.stem)
                names.append(str(path))
        return names

    def _parts(self, version: Version) -> _Parts:
        of = self._known.get(version.snapshot_id)
        if of is None:
            manifest = self._manifests.get(version.set, version.snapshot_id)
            parts = manifest.content()
            starts = list(accumulate((part.rows for part in parts), initial=0))
            several = parts if len(parts) > 1 else ()
            firsts = [search_key(manifest.shape, part.first) for part in several]
            of = self._known[version.snapshot_id] = _Parts(
                version.set, manifest, parts, firsts, starts
            )
        return of

    def _open(self, of: _Parts, number: int, rows: pl.DataFrame | None = None) -> ReadFile:
        """The read file of a part, opened, fetched, or made from its rows."""
        part, shape = of.parts[number], of.manifest.shape

        def make(path: Path) -> None:
            if self._objects.folder is None and self._stored.fetch(of.set, part.sha256, path):
                return
            build(self._rows(of, part) if rows is None else rows, shape, part.sha256, path)

        try:
            opened = self.files.get(part.sha256, make, self._stored.place(of.set, part.sha256))
        except CorruptError:
            self._unreadable.add(part.sha256)
            self.files.discard(part.sha256)  # which tells the service to look again
            raise
        self._unreadable.discard(part.sha256)
        return opened

    def _rows(self, of: _Parts, part: Part) -> pl.DataFrame:
        content = snapshot.read_part(self._objects, of.manifest.name_of(of.set, part), part)
        return pl.read_parquet(io.BytesIO(content))

    def _at_hand(self, of: _Parts) -> list[ReadFile]:
        """The read files of the parts that are on this machine, opened."""
        return [
            self._open(of, number)
            for number, part in enumerate(of.parts)
            if self._is_at_hand(of, part)
        ]

    def _is_at_hand(self, of: _Parts, part: Part) -> bool:
        return (
            self.files.path(part.sha256).exists()
            or Path(self._stored.place(of.set, part.sha256) or "").is_file()
        )


def search_key(shape: Shape, texts: Sequence[str]) -> bytes:
    """The search key of a key whose parts are given as text."""
    parts = (SEARCH_TEXT[column.type](text) for column, text in zip(shape.key, texts, strict=True))
    return (search_template(len(texts)) % tuple(parts)).encode()


def _would_block() -> ReadFile:
    raise WouldBlock


def _is_whole(place: str, digest: str) -> bool:
    try:
        ReadFile(place, digest)
    except (OSError, CorruptError):
        return False
    return True
