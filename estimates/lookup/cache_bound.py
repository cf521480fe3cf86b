"""How much the read files in the cache of this machine may take: twice those of what production
points to.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

from estimates.catalog.records import Version
from estimates.catalog.view import View
from estimates.errors import EstimatesError
from estimates.lookup.read_file_cache import ReadFileCache
from estimates.lookup.snapshot_parts import KnownParts, SnapshotParts
from estimates.lookup.stored_reads import StoredReads
from estimates.storage.manifests import Manifests

TIMES = 2  # the read files of what production points to, summed over all sets


class Added(NamedTuple):
    """A read file that was just added: the digest of its part, and how many rows that has."""

    digest: str
    rows: int


class CacheBound:
    """Removes the read files that were opened longest ago, and manifests of what is gone."""

    def __init__(
        self, files: ReadFileCache, stored: StoredReads, known: KnownParts, manifests: Manifests
    ) -> None:
        self._files = files
        self._stored = stored
        self._known = known
        self._manifests = manifests

    def trim(self, view: View, added: Added | None = None) -> None:
        """Remove what is beyond the bound.

        What production points to stays, and what was just added. A file that is removed while it is
        read stays mapped as long as it is.
        """
        kept = self._files.kept()
        sizes = {digest: file.size for digest, file in kept.items()}
        of_a_row = sizes.get(added.digest, 0) / max(added.rows, 1) if added is not None else 0.0
        try:
            produced = [self._known.get(version) for version in _in_production(view)]
        except EstimatesError:  # until the next time
            return
        stays = {part.sha256 for of in produced for part in of.parts}
        if added is not None:
            stays.add(added.digest)
        limit = TIMES * sum(self._bytes(of, sizes, of_a_row) for of in produced)
        size = sum(sizes.values())
        for digest in sorted(kept, key=lambda digest: kept[digest].used_at):
            if size > limit and digest not in stays:
                self._files.remove(digest)
                size -= sizes[digest]
        self._manifests.keep_only(
            version.snapshot_id
            for of_set in view.sets.values()
            for version in of_set.versions
            if version.expired_at is None
        )

    def _bytes(self, of: SnapshotParts, sizes: dict[str, int], of_a_row: float) -> float:
        """The bytes of the read files of a snapshot; of those that are elsewhere by their rows."""
        size = rows = 0
        for part in of.parts:
            here = sizes.get(part.sha256) or self._size_in_root(of.set, part.sha256)
            if here is not None:
                size += here
                rows += part.rows
        return size + (of.manifest.rows - rows) * (size / rows if rows else of_a_row)

    def _size_in_root(self, set_name: str, digest: str) -> int | None:
        place = self._stored.place(set_name, digest)
        if place is not None:
            with suppress(OSError):
                return os.stat(place).st_size
        return None


def _in_production(view: View) -> list[Version]:
    """What production of each set points to; the newest version where it points to none."""
    produced: list[Version] = []
    for of_set in view.sets.values():
        unexpired = [version for version in of_set.versions if version.expired_at is None]
        produced += [of_set.production] if of_set.production is not None else unexpired[-1:]
    return produced
