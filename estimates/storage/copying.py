"""Copying what a store consists of from one root to another, checked on the way.

A file that does not match its digest never gets its name in the other root.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from estimates.catalog.records import ErasedPart
from estimates.errors import CorruptError, NotFoundError
from estimates.storage import listed_keys, snapshot
from estimates.storage.objects import Objects
from estimates.storage.storage_errors import MEND


class Content(msgspec.Struct, frozen=True):
    """Something of a set whose files are named by digests: a snapshot, or the listed keys of a
    domain.
    """

    set: str
    digest: str
    is_domain: bool = False


# By set: what is read in place of parts from which something was erased, by their digests.
Replaced = Mapping[str, Mapping[str, ErasedPart]]


class Named(NamedTuple):
    """A file: its name below the root, size in bytes, SHA-256 in hexadecimal."""

    name: str
    size: int
    digest: str


class Tally(msgspec.Struct):
    """How many files were copied, how many of them were there already, and the bytes of each."""

    copied: int = 0
    copied_bytes: int = 0
    there: int = 0
    there_bytes: int = 0


class Copying:
    """Copies from a root to another; threads may share it.

    reread  whether files that are there already are read, and those that are damaged replaced;
            else one of the right size is taken for what its name says, since none is ever written
            in part
    flushed  whether each file is durable before it has its name; else only after
             `make_all_durable`, and who goes on with what was interrupted has to reread
    """

    def __init__(
        self,
        source: Objects,
        target: Objects,
        replaced: Replaced,
        *,
        reread: bool = False,
        flushed: bool = True,
        tally: Tally | None = None,
    ) -> None:
        self.tally = tally or Tally()
        self._replaced = replaced
        self._source = source
        self._target = target
        self._reread = reread
        self._flushed = flushed
        self._there = target.sizes("sets")
        self._lock = threading.Lock()

    def files_of(self, content: Content) -> list[Named]:
        """The files of a content, a manifest last; raises CorruptError (`file_missing`, and those
        of `read_manifest`).
        """
        return list(files_of(self._source, content, self._replaced))

    def copy(self, file: Named) -> None:
        """Copy a file unless it is there; raises CorruptError (`file_missing`, `file_damaged`)
        where the source's is no good.
        """
        name, size, digest = file
        if self._is_there(name, size, digest):
            return
        copy_file(self._source, self._target, name, size, digest, flushed=self._flushed)
        with self._lock:
            self.tally.copied += 1
            self.tally.copied_bytes += size

    def _is_there(self, name: str, size: int, digest: str) -> bool:
        if self._there.get(name) != size:
            return False
        if self._reread and digest_of(self._target, name) != digest:
            return False
        with self._lock:
            self.tally.there += 1
            self.tally.there_bytes += size
        return True


def files_of(objects: Objects, content: Content, replaced: Replaced) -> Iterator[Named]:
    """The files of a content, a manifest last.

    Raises CorruptError (`file_missing`, and those of `read_manifest`).
    """
    if content.is_domain:
        name = listed_keys.name_of(content.set, content.digest)
        stat = objects.stat(name)
        if stat is None:
            raise snapshot.missing(objects, name)
        yield Named(name, stat.size, content.digest)
        return
    manifest = snapshot.read_manifest(objects, content.set, content.digest)
    read = manifest.through(replaced.get(content.set, {}))
    for part in read.content():
        yield Named(read.name_of(content.set, part), part.size, part.sha256)
    encoded = snapshot.encode(manifest)
    name = snapshot.manifest_name(content.set, content.digest)
    yield Named(name, len(encoded), hashlib.sha256(encoded).hexdigest())


def copy_file(
    source: Objects, target: Objects, name: str, size: int, digest: str, *, flushed: bool = True
) -> None:
    """Copy a file, replacing what has its name there, if it is what its digest says; `flushed` as
    of `Copying`.

    Raises CorruptError (`file_missing`, `file_damaged`), which names the source's file.
    """
    try:
        target.put_pieces(name, _checked(source, name, size, digest), flushed=flushed)
    except NotFoundError:
        raise snapshot.missing(source, name) from None


def digest_of(objects: Objects, name: str) -> str:
    """SHA-256 of a file, in hexadecimal; raises NotFoundError (`no_object`)."""
    digest = hashlib.sha256()
    for piece in objects.pieces(name):
        digest.update(piece)
    return digest.hexdigest()


def _checked(source: Objects, name: str, size: int, expected: str) -> Iterator[bytes]:
    """The pieces of a file; at its end, raises CorruptError unless it is what its digest says."""
    digest, length = hashlib.sha256(), 0
    for piece in source.pieces(name):
        digest.update(piece)
        length += len(piece)
        yield piece
    if digest.hexdigest() != expected:
        raise CorruptError(
            "file_damaged",
            f"{source.root}/{name} does not match its digest ({length} of {size} bytes)",
            remedy=MEND,
        )
