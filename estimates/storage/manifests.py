"""Manifests that were read and checked, kept in memory; those of a bucket also on this machine."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock

from cachetools import LRUCache

from estimates.catalog.records import ErasedPart
from estimates.errors import CorruptError, RefusedError, UnavailableError
from estimates.storage import manifest_blocks, snapshot
from estimates.storage.objects import Objects
from estimates.storage.snapshot import Manifest
from estimates.storage.whole_file import write_whole

_IN_MEMORY = 1 << 16  # parts that are listed: half a kilobyte each
_KEPT_BYTES = 32 * 1024 * 1024  # of copies on this machine
_AT_ONCE = 32  # requests to a bucket
_LOOK_EVERY = 100  # copies made by this process


class Manifests:
    """The manifests of a store's snapshots; threads may share it.

    folder    of the copies on this machine of those in a bucket; None where files are in a folder.
              A manifest is named by its digest, so a copy proves itself.
    replaced  by set: what is read in place of parts that had rows of erased keys, by their digests
    """

    def __init__(self, objects: Objects, cache: Path) -> None:
        self._objects = objects
        self.folder = None if objects.folder is not None else cache / "manifests"
        self.replaced: Mapping[str, Mapping[str, ErasedPart]] = {}
        self._read: LRUCache[tuple[str, str], Manifest] = LRUCache(
            _IN_MEMORY, getsizeof=lambda manifest: len(manifest.parts) + 1
        )
        self._lock = Lock()
        self._copied = 0

    def get(self, set_name: str, snapshot_id: str) -> Manifest:
        """A manifest as it is read, through what was erased since; raises CorruptError
        (`read_manifest`), UnavailableError (`storage`).
        """
        manifest = self.stored(set_name, snapshot_id)
        replaced = self.replaced.get(set_name)
        return manifest if not replaced else manifest.through(replaced)

    def stored(self, set_name: str, snapshot_id: str) -> Manifest:
        """A manifest as it was written; raises as `get` does."""
        name = set_name, snapshot_id
        manifest = self._read.get(name)
        if manifest is None:
            manifest = self._from_copy(snapshot_id)
            if manifest is None:
                manifest = snapshot.read_manifest(self._objects, set_name, snapshot_id)
                self._copy(manifest)
            self._keep(set_name, manifest)
        return manifest

    def is_read(self, set_name: str, snapshot_id: str) -> bool:
        """Whether a manifest is in memory."""
        return (set_name, snapshot_id) in self._read

    def read_ahead(self, set_name: str, wanted: Mapping[int, str]) -> None:
        """Read the manifests of versions, by number, as far as that can be: those that stand
        together in one file by that, in a bucket all others at the same time.

        What is missing or damaged is left to whoever reads it by itself.
        """
        unread = {
            version: snapshot_id
            for version, snapshot_id in wanted.items()
            if (set_name, snapshot_id) not in self._read
        }
        count = Counter(map(manifest_blocks.number_of, unread))
        blocks = [block for block, versions in count.items() if versions > 1]
        # the newest block may not be there yet: to wait for that would take as long again
        sure = {b for b in blocks if b < max(blocks) or count[b] == manifest_blocks.VERSIONS}
        lone: set[str] = set()
        if self.folder is not None:
            lone = {i for v, i in unread.items() if manifest_blocks.number_of(v) not in sure}
        named = set(unread.values())

        def read_block(block: int) -> None:
            for manifest in manifest_blocks.read_block(self._objects, set_name, block):
                if manifest.snapshot_id in named:
                    self._keep(set_name, manifest)

        def read(snapshot_id: str) -> None:
            with suppress(CorruptError):
                self.stored(set_name, snapshot_id)

        with ThreadPoolExecutor(_AT_ONCE) as threads:
            reads = [threads.submit(read_block, block) for block in blocks]
            reads += [threads.submit(read, snapshot_id) for snapshot_id in lone]
            for done in reads:
                done.result()

    def _keep(self, set_name: str, manifest: Manifest) -> None:
        with self._lock, suppress(ValueError):  # of more parts than are kept at all
            self._read[set_name, manifest.snapshot_id] = manifest

    def complete_block(self, set_name: str, block: int, snapshots: Sequence[str]) -> None:
        """Write a block of versions, given all their snapshots, unless it is there or cannot be
        written: it is only a second way to read them.
        """
        name = manifest_blocks.name_of(set_name, block)
        with suppress(CorruptError, UnavailableError, RefusedError):
            if not self._objects.exists(name):
                manifests = [self.stored(set_name, snapshot_id) for snapshot_id in snapshots]
                self._objects.put_if_absent(name, manifest_blocks.encode_block(manifests))

    def keep_only(self, snapshots: Iterable[str]) -> None:
        """Remove the copies of all other manifests."""
        kept = {f"{snapshot_id}.json" for snapshot_id in snapshots}
        for entry in self._copies():
            if entry.name not in kept:
                _remove(entry.path)

    def _from_copy(self, snapshot_id: str) -> Manifest | None:
        """A manifest of a bucket by its copy on this machine."""
        if self.folder is not None:
            with suppress(OSError, CorruptError):
                place = f"{self.folder}/{snapshot_id}.json"
                with open(place, "rb", buffering=0) as file:
                    return snapshot.decode_manifest(place, file.readall(), snapshot_id)
        return None

    def _copy(self, manifest: Manifest) -> None:
        """Copy a manifest of a bucket to this machine, if that can be; the oldest copies go."""
        if self.folder is None:
            return
        path = self.folder / f"{manifest.snapshot_id}.json"
        try:
            write_whole(path, snapshot.encode(manifest))
        except OSError:
            return
        self._copied += 1
        if self._copied % _LOOK_EVERY == 1:
            size = 0
            for entry in reversed(self._copies()):
                with suppress(OSError):
                    size += entry.stat().st_size
                if size > _KEPT_BYTES:
                    _remove(entry.path)

    def _copies(self) -> list[os.DirEntry[str]]:
        """What is in the folder, the oldest first."""
        if self.folder is None:
            return []
        try:
            dated = [(entry.stat().st_mtime, entry) for entry in os.scandir(self.folder)]
        except OSError:
            return []
        return [entry for _, entry in sorted(dated, key=lambda pair: pair[0])]


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
