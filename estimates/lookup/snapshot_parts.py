"""What a snapshot consists of: its parts, and which one a key is in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from itertools import accumulate
from threading import Lock

from cachetools import LRUCache

from estimates.catalog.records import Version
from estimates.contract.shape import Shape
from estimates.keys.search_key import SEARCH_TEXT, search_template
from estimates.storage.manifests import Manifests
from estimates.storage.snapshot import Manifest

_IN_MEMORY = 1 << 16  # parts of the snapshots of which it is known what they consist of


class SnapshotParts:
    """The parts of a snapshot of a set, in key order."""

    def __init__(self, set_name: str, manifest: Manifest) -> None:
        self.set = set_name
        self.manifest = manifest
        self.parts = manifest.content()

    @cached_property
    def firsts(self) -> list[bytes]:
        """The search keys of the parts' first rows; what sorts before all for a single part."""
        return list(map(self._first, range(len(self.parts))))

    @cached_property
    def starts(self) -> list[int]:
        """The number of each part's first row, and the number of all rows."""
        return list(accumulate((part.rows for part in self.parts), initial=0))

    def number_of(self, search: bytes) -> int:
        """The part that has a search key if any has it, or −1."""
        if len(self.parts) == 1:
            return 0
        return bisect_right(range(len(self.parts)), search, key=self._first) - 1

    def covers(self, number: int, search: bytes) -> bool:
        """Whether a search key lies between those of a part's first and last row, as far as the
        manifest says.
        """
        last = self.parts[number].last if number >= 0 else ()
        return bool(last) and search <= search_key(self.manifest.shape, last)

    def name(self, number: int) -> str:
        """Where a part is, below the store's root."""
        return self.manifest.name_of(self.set, self.parts[number])

    def _first(self, number: int) -> bytes:
        if len(self.parts) == 1:  # that of a snapshot of format 1 is not in its manifest
            return b""
        return search_key(self.manifest.shape, self.parts[number].first)


class KnownParts:
    """What versions consist of, once their manifests were read; threads may share it."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self._lock = Lock()
        self._known: LRUCache[tuple[str, str], SnapshotParts] = LRUCache(
            _IN_MEMORY, getsizeof=lambda of: len(of.parts)
        )

    def known(self, version: Version) -> SnapshotParts | None:
        """What a version consists of, if its manifest was read."""
        return self._known.get((version.set, version.snapshot_id))

    def is_at_hand(self, version: Version) -> bool:
        """Whether to get it asks the storage for nothing."""
        return self.known(version) is not None or self._manifests.is_read(
            version.set, version.snapshot_id
        )

    def forget(self) -> None:
        """Forget all of them: something was erased from some."""
        with self._lock:
            self._known.clear()

    def read_ahead(self, versions: Sequence[Version]) -> None:
        """Read the manifests of versions of one set in few requests, as far as that can be; see
        `Manifests.read_ahead`.
        """
        wanted = {version.version: version.snapshot_id for version in versions}
        self._manifests.read_ahead(versions[0].set, wanted)

    def get(self, version: Version) -> SnapshotParts:
        """What a version consists of; raises CorruptError (`manifest_missing`, `manifest_damaged`,
        `manifest_format`), UnavailableError (`storage`).
        """
        of = self.known(version)
        if of is None:
            manifest = self._manifests.get(version.set, version.snapshot_id)
            of = SnapshotParts(version.set, manifest)
            with self._lock, suppress(ValueError):  # of more parts than are kept at all
                self._known[version.set, version.snapshot_id] = of
        return of


def search_key(shape: Shape, texts: Sequence[str]) -> bytes:
    """The search key of a key whose parts are given as text."""
    parts = (SEARCH_TEXT[column.type](text) for column, text in zip(shape.key, texts, strict=True))
    return (search_template(len(texts)) % tuple(parts)).encode()
