"""Snapshots: immutable content, named by its digest; Parquet first, the manifest last.

sets/{set}/snapshots/{snapshot_id}/estimates.parquet   rows sorted by key, zstd
sets/{set}/snapshots/{snapshot_id}/manifest.json       put if absent; its presence makes the
snapshot exist
"""

import hashlib
import io
from contextlib import suppress

import msgspec
import polars as pl

from estimates.contract.contract import Shape
from estimates.errors import CorruptError, NotFoundError
from estimates.storage.objects import Objects

FORMAT = 1
ROW_GROUP_ROWS = 262_144
_PARQUET = "estimates.parquet"
_MANIFEST = "manifest.json"


class File(msgspec.Struct, frozen=True):
    """A file of a snapshot: name, size in bytes, SHA-256 (hexadecimal)."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a snapshot consists of; says nothing about any run, so that equal content is an equal
    snapshot.
    """

    format: int
    snapshot_id: str
    shape: Shape
    rows: int
    files: tuple[File, ...]


class Prepared(msgspec.Struct, frozen=True):
    """A snapshot in memory: its manifest and the bytes of its Parquet file."""

    manifest: Manifest
    parquet: bytes


def folder(set_name: str, snapshot_id: str) -> str:
    """Where a snapshot lives below the store's root."""
    return f"sets/{set_name}/snapshots/{snapshot_id}"


def prepare(frame: pl.DataFrame, shape: Shape) -> Prepared:
    """The bytes and the name of a conformed frame; the same frame gives the same bytes within one
    polars version.
    """
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", row_group_size=ROW_GROUP_ROWS)
    parquet = buffer.getvalue()
    file = File(_PARQUET, len(parquet), hashlib.sha256(parquet).hexdigest())
    unnamed = Manifest(FORMAT, "", shape, frame.height, (file,))
    return Prepared(msgspec.structs.replace(unnamed, snapshot_id=_name(unnamed)), parquet)


def write(objects: Objects, set_name: str, prepared: Prepared) -> None:
    """Store a snapshot; doing it twice is harmless.

    Raises CorruptError (`manifest_differs`) when another manifest is there under the same name.
    """
    place = folder(set_name, prepared.manifest.snapshot_id)
    content = encode(prepared.manifest)
    objects.put(parquet_name(set_name, prepared.manifest.snapshot_id), prepared.parquet)
    if objects.put_if_absent(f"{place}/{_MANIFEST}", content):
        return
    # a sweep took it in between; publishing will find out and write again
    with suppress(NotFoundError):
        if objects.get(f"{place}/{_MANIFEST}") != content:
            raise CorruptError(
                "manifest_differs",
                f"{objects.root}/{place}/{_MANIFEST} is not what this content demands",
            )


def encode(manifest: Manifest) -> bytes:
    """The bytes of a manifest file."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def read_manifest(objects: Objects, set_name: str, snapshot_id: str) -> Manifest:
    """Read and check a manifest; raises CorruptError (`manifest_missing`, `manifest_damaged`,
    `manifest_format`).
    """
    name = f"{folder(set_name, snapshot_id)}/{_MANIFEST}"
    try:
        content = objects.get(name)
    except NotFoundError:
        raise CorruptError(
            "manifest_missing", f"{objects.root}/{name} is missing; restore it from a backup"
        ) from None
    try:
        written_in = msgspec.json.decode(content, type=_Format).format
        if written_in != FORMAT:
            raise CorruptError(
                "manifest_format",
                f"{objects.root}/{name} has format {written_in}, this reader knows {FORMAT}",
            )
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CorruptError(
            "manifest_damaged", f"{objects.root}/{name} is not a manifest: {error}"
        ) from None
    if not _is_of(manifest, snapshot_id) or encode(manifest) != content:
        raise CorruptError(
            "manifest_damaged", f"{objects.root}/{name} does not match the digest in its name"
        )
    return manifest


def read_parquet(objects: Objects, set_name: str, manifest: Manifest) -> bytes:
    """The Parquet file, verified; raises CorruptError (`file_missing`, `file_damaged`) that names
    it.
    """
    name, file = parquet_name(set_name, manifest.snapshot_id), manifest.files[0]
    try:
        content = objects.get(name)
    except NotFoundError:
        raise missing(objects, name) from None
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        raise damaged(objects, name, file, len(content))
    return content


def missing(objects: Objects, name: str) -> CorruptError:
    """The error for a Parquet file that is not there."""
    return CorruptError(
        "file_missing", f"{objects.root}/{name} is missing; restore it from a backup"
    )


def damaged(objects: Objects, name: str, file: File, size: int) -> CorruptError:
    """The error for a Parquet file that is not what its manifest says."""
    return CorruptError(
        "file_damaged",
        f"{objects.root}/{name} does not match its digest ({size} of {file.size} bytes); restore "
        "it from a backup",
    )


def read_frame(objects: Objects, set_name: str, snapshot_id: str) -> pl.DataFrame:
    """The estimates of a snapshot, verified, sorted by key; raises CorruptError (`read_manifest`,
    `read_parquet`).
    """
    return pl.read_parquet(
        read_parquet(objects, set_name, read_manifest(objects, set_name, snapshot_id))
    )


def parquet_name(set_name: str, snapshot_id: str) -> str:
    """Where a snapshot's rows are, below the store's root."""
    return f"{folder(set_name, snapshot_id)}/{_PARQUET}"


def discard(objects: Objects, set_name: str, snapshot_id: str, trash: str) -> None:
    """Move a snapshot's files into a folder, the manifest first: without it the rest is an orphan
    that nobody sees.
    """
    place = folder(set_name, snapshot_id)
    manifest = f"{place}/{_MANIFEST}"
    for name in (manifest, *objects.names(place)):
        objects.move(name, f"{trash}/{name}")
    if objects.folder is not None:
        # obstore leaves the folder behind; one that somebody writes into at this moment stays
        with suppress(OSError):
            (objects.folder / place).rmdir()


class _Format(msgspec.Struct):
    format: int


def _is_of(manifest: Manifest, snapshot_id: str) -> bool:
    names = [file.name for file in manifest.files]
    return names == [_PARQUET] and manifest.snapshot_id == snapshot_id == _name(manifest)


def _name(manifest: Manifest) -> str:
    """The digest of the manifest without its name: of format, shape, rows and file digest."""
    unnamed = msgspec.structs.replace(manifest, snapshot_id="")
    return hashlib.sha256(msgspec.json.encode(unnamed)).hexdigest()
