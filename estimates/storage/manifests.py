"""Manifests that were read and checked, kept in memory; those of a bucket also on this machine."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cachetools import LRUCache

from estimates.errors import CorruptError, UnavailableError
from estimates.storage import snapshot
from estimates.storage.objects import Objects
from estimates.storage.snapshot import Manifest

_IN_MEMORY = 4096


class Manifests:
    """The manifests of a store's snapshots; threads may share it.

    A manifest is named by its digest, so a copy on this machine proves itself.
    """

    def __init__(self, objects: Objects, cache: Path) -> None:
        self._objects = objects
        self._copies = None if objects.folder is not None else _folder(cache)
        self._read: LRUCache[tuple[str, str], Manifest] = LRUCache(_IN_MEMORY)

    def get(self, set_name: str, snapshot_id: str) -> Manifest:
        """A manifest; raises CorruptError (`read_manifest`), UnavailableError (`storage`)."""
        name = set_name, snapshot_id
        manifest = self._read.get(name)
        if manifest is None:
            manifest = self._copied(*name) or snapshot.read_manifest(self._objects, *name)
            self._read[name] = manifest
        return manifest

    def _copied(self, set_name: str, snapshot_id: str) -> Manifest | None:
        """A manifest of a bucket by its copy on this machine, which is made if it can be."""
        if self._copies is None:
            return None
        with suppress(CorruptError, UnavailableError):
            return snapshot.read_manifest(self._copies, set_name, snapshot_id)
        manifest = snapshot.read_manifest(self._objects, set_name, snapshot_id)
        with suppress(CorruptError, UnavailableError):
            snapshot.write_manifest(self._copies, set_name, manifest)
        return manifest


def _folder(cache: Path) -> Objects | None:
    """The cache as objects; None where it cannot be written."""
    with suppress(OSError, UnavailableError):
        cache.mkdir(parents=True, exist_ok=True)
        return Objects(str(cache))
    return None
