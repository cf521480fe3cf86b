"""How much the read files in the cache of this machine may take: of each set twice those of what
its production points to.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from estimates.catalog.records import Version
from estimates.catalog.view import View
from estimates.errors import EstimatesError
from estimates.lookup.read_file_cache import ReadFileCache
from estimates.lookup.snapshot_parts import KnownParts, SnapshotParts
from estimates.lookup.stored_reads import StoredReads
from estimates.storage.manifests import Manifests

TIMES = 2  # the read files of what a set's production points to


class Added(NamedTuple):
    """A read file that was just added: the set and the digest of its part, and how many rows that
    has.
    """

    set: str
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
        """Remove what is beyond the bound: of the set that a file was just added to, or of all.

        What production points to stays, and what was just added. A file that is removed while it is
        read stays mapped as long as it is.
        """
        kept = self._files.kept()
        of_sets: dict[str, list[str]] = {}
        for digest in sorted(kept, key=lambda digest: kept[digest].used_at):
            of_sets.setdefault(kept[digest].set, []).append(digest)
        for name, digests in of_sets.items():
            if added is None or name in (added.set, ""):
                self._trim_set(view, name, {digest: kept[digest].size for digest in digests}, added)
        self._manifests.keep_only(
            version.snapshot_id
            for of_set in view.sets.values()
            for version in of_set.versions
            if version.expired_at is None
        )

    def keep_named(self, view: View, sets: Iterable[str]) -> None:
        """Remove the read files of some sets, and those of which the set is not known, but for
        those of versions that aliases point to.

        Of versions that expired nothing says what was erased from them since.
        """
        stays: set[str] = set()
        for name in sets:
            of_set = view.sets[name]
            for number in {alias.version for alias in of_set.aliases.values()}:
                with suppress(EstimatesError):
                    parts = self._known.get(of_set.versions[number - 1]).parts
                    stays.update(part.sha256 for part in parts)
        named = {*sets, ""}
        for digest, kept in self._files.kept().items():
            if kept.set in named and digest not in stays:
                self._files.remove(digest)

    def _trim_set(self, view: View, name: str, sizes: dict[str, int], added: Added | None) -> None:
        """The same of one set; `sizes` are in bytes, of those used longest ago first."""
        of_a_row = sizes.get(added.digest, 0) / max(added.rows, 1) if added is not None else 0.0
        produced = _in_production(view, name)
        stays = set() if added is None else {added.digest}
        limit = 0.0
        if produced is not None:
            try:
                of = self._known.get(produced)
            except EstimatesError:  # until the next time
                return
            limit = TIMES * self._bytes(of, sizes, of_a_row)
            if not limit:  # none of its files is here to tell how large the others are
                return
            stays.update(part.sha256 for part in of.parts)
        size = sum(sizes.values())
        for digest in sizes:
            if size > limit and digest not in stays:
                self._files.remove(digest)
                size -= sizes[digest]

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


def _in_production(view: View, name: str) -> Version | None:
    """What production of a set points to; the newest version where it points to none."""
    of_set = view.sets.get(name)
    if of_set is None:
        return None
    unexpired = [version for version in of_set.versions if version.expired_at is None]
    return of_set.production or next(reversed(unexpired), None)
