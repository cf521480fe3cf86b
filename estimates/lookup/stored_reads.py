"""Read files that a publisher left beside the parts, so that who reads need not make them.

sets/{set}/reads/{revision}/{digest of the part}.lookup, put if absent; in a bucket its size and
SHA-256 in `….json`. They are derived: one that is missing or damaged is made again by who needs it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from estimates.errors import CorruptError, NotFoundError
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_layout import REVISION
from estimates.storage.objects import Objects


class Digest(msgspec.Struct, frozen=True):
    """What a read file is compared with once it was fetched: size in bytes, SHA-256."""

    size: int
    sha256: str


class StoredReads:
    """The read files in a store's root."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def place(self, set_name: str, digest: str) -> str | None:
        """Where a part's read file can be mapped; None in a bucket."""
        folder = self._objects.folder
        return None if folder is None else f"{folder}/{_name(set_name, digest)}"

    def ranges(self, set_name: str, digest: str) -> tuple[str, Callable[[int, int], bytes]]:
        """The name of a part's read file, and what reads the bytes of it from one place up to
        another, which raises NotFoundError (`no_object`) where the bucket has none.
        """
        name = _name(set_name, digest)
        return name, partial(self._objects.get_range, name)

    def fetch(self, set_name: str, digest: str, path: Path) -> bool:
        """Write the read file of a part to a path, if the bucket has it whole."""
        name = _name(set_name, digest)
        unfinished = path.with_name(f"{path.name}.fetched")  # who fetches has the lock
        with suppress(NotFoundError, msgspec.MsgspecError):
            expected = msgspec.json.decode(self._objects.get(f"{name}.json"), type=Digest)
            path.parent.mkdir(parents=True, exist_ok=True)
            sha256 = hashlib.sha256()
            try:
                with unfinished.open("wb") as file:
                    for piece in self._objects.pieces(name):
                        sha256.update(piece)
                        file.write(piece)
                    size = file.tell()
                if Digest(size, sha256.hexdigest()) == expected:
                    unfinished.replace(path)
                    return True
            finally:
                unfinished.unlink(missing_ok=True)
        return False

    def put(self, set_name: str, digest: str, content: bytes) -> None:
        """Put a part's read file into the bucket, unless it is there."""
        name = _name(set_name, digest)
        self._objects.put_once(name, content)
        self._objects.put(f"{name}.json", msgspec.json.encode(_digest(content)))

    def left(self, set_name: str) -> set[str]:
        """The parts whose read file is in the bucket, with what it is compared with."""
        prefix = f"sets/{set_name}/reads/{REVISION}"
        names = set(self._objects.names(prefix))
        ended = (name for name in names if name.endswith(".lookup") and f"{name}.json" in names)
        return {name.rpartition("/")[2].removesuffix(".lookup") for name in ended}

    def keep_only(self, set_name: str, digests: set[str]) -> None:
        """Remove the read files of all other parts, and those of other revisions."""
        kept = {f"{_name(set_name, digest)}{end}" for digest in digests for end in ("", ".json")}
        for name in self._objects.names(f"sets/{set_name}/reads/"):
            if name not in kept and not self._objects.is_linked(name):
                self._objects.delete(name)

    def remove_damaged(self, set_name: str) -> list[str]:
        """Remove those of a set that are not what was written; gives their names."""
        prefix = f"sets/{set_name}/reads/{REVISION}"
        names = [name for name in self._objects.names(prefix) if name.endswith(".lookup")]
        damaged = [name for name in names if not self._is_whole(name)]
        for name in damaged:
            self._objects.delete(name)
            self._objects.delete(f"{name}.json")
        return damaged

    def _is_whole(self, name: str) -> bool:
        if self._objects.folder is not None:
            return is_whole(self._objects.folder / name)
        try:
            expected = msgspec.json.decode(self._objects.get(f"{name}.json"), type=Digest)
            return _digest(self._objects.get(name)) == expected
        except NotFoundError:  # being written, or removed
            return True
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False


def is_whole(path: Path) -> bool:
    """Whether a file is a read file of which all matches its checksums, or is gone by now."""
    try:
        ReadFile(path, path.stem).check()
    except FileNotFoundError:
        return True
    except (CorruptError, OSError):
        return False
    return True


def _name(set_name: str, digest: str) -> str:
    return f"sets/{set_name}/reads/{REVISION}/{digest}.lookup"


def _digest(content: bytes) -> Digest:
    return Digest(len(content), hashlib.sha256(content).hexdigest())
