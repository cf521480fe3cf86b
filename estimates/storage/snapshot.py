"""Snapshots: immutable content, named by its digest; parts first, the manifest last.

sets/{set}/parts/{sha256}.parquet                 rows of a range of keys, sorted, zstd; snapshots
                                                  share them
sets/{set}/snapshots/{snapshot_id}/manifest.json  put if absent; its presence makes the snapshot
                                                  exist
Format 1, which is still read, has one file beside the manifest in place of parts.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress

import msgspec
import polars as pl

from estimates.catalog.records import ErasedPart
from estimates.contract.contract import Shape
from estimates.errors import CorruptError, NotFoundError
from estimates.storage.objects import Objects, Stat
from estimates.storage.parts import Part, cut, key_range
from estimates.storage.storage_errors import MEND

FORMAT = 2
ROW_GROUP_ROWS = 262_144
_WHOLE = "estimates.parquet"  # the one file of format 1
_MANIFEST = "manifest.json"


class File(msgspec.Struct, frozen=True):
    """A file of a snapshot of format 1: name, size in bytes, SHA-256 (hexadecimal)."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a snapshot consists of; says nothing about any run, so that equal content is an equal
    snapshot.

    files  of format 1, one
    parts  of format 2, in key order; of format 1 what an erasure put in place of the file
    """

    format: int
    snapshot_id: str
    shape: Shape
    rows: int
    files: tuple[File, ...] = ()
    parts: tuple[Part, ...] = ()

    def content(self) -> tuple[Part, ...]:
        """The parts; that of format 1 is the whole, whose keys the manifest does not say."""
        return self.parts or tuple(
            Part(file.sha256, file.size, self.rows, (), ()) for file in self.files
        )

    def through(self, replaced: Mapping[str, ErasedPart]) -> Manifest:
        """What is read of a snapshot: without the rows of erased keys.

        replaced  what is read in place of parts that had such rows, by their digests
        Parts keep the first and last key that they had.
        """
        if not any(part.sha256 in replaced for part in self.content()):
            return self
        parts = tuple(_through(part, replaced.get(part.sha256)) for part in self.content())
        rows = sum(part.rows for part in parts)
        return msgspec.structs.replace(self, rows=rows, files=(), parts=parts)

    def name_of(self, set_name: str, part: Part) -> str:
        """Where a part is, below the store's root."""
        if self.parts:
            return part_name(set_name, part.sha256)
        return whole_name(set_name, self.snapshot_id)


def _through(part: Part, erased: ErasedPart | None) -> Part:
    if erased is None:
        return part
    return Part(erased.by, erased.size, erased.rows, part.first, part.last)


def folder(set_name: str, snapshot_id: str) -> str:
    """Where a snapshot's manifest lives below the store's root."""
    return f"sets/{set_name}/snapshots/{snapshot_id}"


def manifest_name(set_name: str, snapshot_id: str) -> str:
    """Where a manifest lives below the store's root."""
    return f"{folder(set_name, snapshot_id)}/{_MANIFEST}"


def is_manifest(name: str) -> bool:
    """Whether a name below the store's root is that of a manifest."""
    return name.startswith("sets/") and name.endswith(f"/{_MANIFEST}")


def whole_name(set_name: str, snapshot_id: str) -> str:
    """Where the one file of a snapshot of format 1 lives below the store's root."""
    return f"{folder(set_name, snapshot_id)}/{_WHOLE}"


def part_name(set_name: str, sha256: str) -> str:
    """Where a part lives below the store's root."""
    return f"sets/{set_name}/parts/{sha256}.parquet"


def encode_parts(frame: pl.DataFrame, shape: Shape) -> Iterator[tuple[Part, bytes]]:
    """The parts of a conformed frame, one after the other; the same frame gives the same bytes
    within one polars version.
    """
    for rows in cut(frame, shape.key_names):
        yield encode_part(rows, shape)


def encode_part(rows: pl.DataFrame, shape: Shape) -> tuple[Part, bytes]:
    """A part of some rows, and its bytes."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", row_group_size=ROW_GROUP_ROWS)
    content = buffer.getvalue()
    first, last = key_range(rows, shape.key_names)
    digest = hashlib.sha256(content).hexdigest()
    return Part(digest, len(content), rows.height, first, last), content


def manifest_of(shape: Shape, parts: tuple[Part, ...]) -> Manifest:
    """The manifest of parts that follow each other."""
    unnamed = Manifest(FORMAT, "", shape, sum(part.rows for part in parts), parts=parts)
    return msgspec.structs.replace(unnamed, snapshot_id=_name(unnamed))


def write(objects: Objects, set_name: str, frame: pl.DataFrame, shape: Shape) -> Manifest:
    """Store a conformed frame; a part that is there already costs nothing, and doing it twice is
    harmless.

    Raises CorruptError (`manifest_differs`) when another manifest is there under the same name.
    """
    parts = []
    for part, content in encode_parts(frame, shape):
        objects.put_once(part_name(set_name, part.sha256), content)
        parts.append(part)
    manifest = manifest_of(shape, tuple(parts))
    write_manifest(objects, set_name, manifest)
    return manifest


def write_manifest(objects: Objects, set_name: str, manifest: Manifest) -> None:
    """Make a snapshot exist whose parts are stored; raises CorruptError (`manifest_differs`)."""
    name = manifest_name(set_name, manifest.snapshot_id)
    content = encode(manifest)
    if objects.put_if_absent(name, content):
        return
    # a sweep took it in between; publishing will find out and write again
    with suppress(NotFoundError):
        if objects.get(name) != content:
            raise CorruptError(
                "manifest_differs",
                f"{objects.root}/{name} is not what this content demands",
                remedy=MEND,
            )


def encode(manifest: Manifest) -> bytes:
    """The bytes of a manifest file."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def read_manifest(objects: Objects, set_name: str, snapshot_id: str) -> Manifest:
    """Read and check a manifest; raises CorruptError (`manifest_missing`, `manifest_damaged`,
    `manifest_format`).
    """
    name = manifest_name(set_name, snapshot_id)
    try:
        content = objects.get(name)
    except NotFoundError:
        raise CorruptError(
            "manifest_missing", f"{objects.root}/{name} is missing", remedy=MEND
        ) from None
    return decode_manifest(f"{objects.root}/{name}", content, snapshot_id)


def decode_manifest(place: str, content: bytes, snapshot_id: str) -> Manifest:
    """The manifest in the bytes of a file that is named by it; raises CorruptError
    (`manifest_damaged`, `manifest_format`).
    """
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        if (written_in := _format_of(content)) > FORMAT:
            raise _newer(place, written_in) from None
        raise CorruptError(
            "manifest_damaged", f"{place} is not a manifest: {error}", remedy=MEND
        ) from None
    if manifest.format > FORMAT:
        raise _newer(place, manifest.format)
    if not is_named(manifest, snapshot_id) or encode(manifest) != content:
        raise CorruptError(
            "manifest_damaged", f"{place} does not match the digest in its name", remedy=MEND
        )
    return manifest


def read_part(objects: Objects, name: str, part: Part) -> bytes:
    """The Parquet file of a part, verified; raises CorruptError (`file_missing`, `file_damaged`)
    that names it.
    """
    try:
        content = objects.get(name)
    except NotFoundError:
        raise missing(objects, name) from None
    if len(content) != part.size or hashlib.sha256(content).hexdigest() != part.sha256:
        raise damaged(objects, name, part, len(content))
    return content


def check_size(objects: Objects, name: str, part: Part) -> Stat:
    """What the storage says of the Parquet file of a part, which is there and as large as its
    manifest says; raises CorruptError (`file_missing`, `file_damaged`).
    """
    stat = objects.stat(name)
    if stat is None:
        raise missing(objects, name)
    if stat.size != part.size:
        raise damaged(objects, name, part, stat.size)
    return stat


def missing(objects: Objects, name: str) -> CorruptError:
    """The error for a stored file that is not there."""
    return CorruptError("file_missing", f"{objects.root}/{name} is missing", remedy=MEND)


def damaged(objects: Objects, name: str, part: Part, size: int) -> CorruptError:
    """The error for a Parquet file that is not what its manifest says."""
    return CorruptError(
        "file_damaged",
        f"{objects.root}/{name} does not match its digest ({size} of {part.size} bytes)",
        remedy=MEND,
    )


def read_frame(
    objects: Objects, set_name: str, snapshot_id: str, replaced: Mapping[str, ErasedPart]
) -> pl.DataFrame:
    """The estimates of a snapshot, verified, sorted by key; raises CorruptError (`read_manifest`,
    `read_part`).

    replaced  see `Manifest.through`
    """
    manifest = read_manifest(objects, set_name, snapshot_id).through(replaced)
    # a column in one piece is compared without being copied
    return pl.concat(list(read_parts(objects, set_name, manifest)), rechunk=True)


def read_parts(objects: Objects, set_name: str, manifest: Manifest) -> Iterator[pl.DataFrame]:
    """The rows of each part, verified; raises CorruptError (`read_part`)."""
    for part in manifest.content():
        yield pl.read_parquet(read_part(objects, manifest.name_of(set_name, part), part))


def discard(objects: Objects, set_name: str, digest: str, trash: str | None) -> None:
    """Move what a digest names into a folder, or with None delete it: a part; or a snapshot, the
    manifest first: without it the rest is an orphan that nobody sees.
    """
    place = folder(set_name, digest)
    manifest = manifest_name(set_name, digest)
    for name in (part_name(set_name, digest), manifest, *objects.names(place)):
        if trash is None:
            objects.delete(name)
        else:
            objects.move(name, f"{trash}/{name}")
    if objects.folder is not None:
        # obstore leaves the folder behind; one that somebody writes into at this moment stays
        with suppress(OSError):
            (objects.folder / place).rmdir()


class _Format(msgspec.Struct):
    format: int


def _newer(place: str, written_in: int) -> CorruptError:
    return CorruptError(
        "manifest_format",
        f"{place} has format {written_in}, this reader knows {FORMAT}",
        remedy="read it with the newest version of the program",
    )


def _format_of(content: bytes) -> int:
    try:
        return msgspec.json.decode(content, type=_Format).format
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 0


def is_named(manifest: Manifest, snapshot_id: str) -> bool:
    """Whether a manifest is whole, and what a digest names."""
    if manifest.format == FORMAT:
        whole = not manifest.files and manifest.rows == sum(part.rows for part in manifest.parts)
    else:
        whole = [file.name for file in manifest.files] == [_WHOLE] and not manifest.parts
    is_named = manifest.snapshot_id == snapshot_id == _name(manifest)
    return whole and is_named and bool(manifest.content())


def _name(manifest: Manifest) -> str:
    """The digest of the manifest without its name: of format, shape, rows and digests."""
    unnamed = msgspec.structs.replace(manifest, snapshot_id="")
    return hashlib.sha256(msgspec.json.encode(unnamed)).hexdigest()
