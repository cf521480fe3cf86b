"""Manifests of versions that follow each other, once more in one file: a history reads hundreds.

sets/{set}/manifests/{block:06}.json.z, put if absent when all versions of a block are there. It is
derived: each manifest in it has to have the digest that the catalog names, whatever does not is as
good as absent, and nobody but a history reads it. Versions share parts, and a block lists each
once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from estimates.contract.shape import Shape
from estimates.errors import NotFoundError
from estimates.storage.objects import Objects
from estimates.storage.parts import Part
from estimates.storage.snapshot import FORMAT, Manifest, is_named

VERSIONS = 32  # of a block
_LEVEL = 6


class _Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """A manifest, with its shape and parts by their number in the block."""

    snapshot_id: str
    shape: int
    rows: int
    parts: list[int]


class _Block(msgspec.Struct, frozen=True):
    form: int
    shapes: list[Shape]
    parts: list[Part]
    snapshots: list[_Snapshot]


def number_of(version: int) -> int:
    """The block that a version is in, counted from 1."""
    return (version - 1) // VERSIONS + 1


def versions_of(block: int) -> range:
    """The numbers of the versions in a block."""
    return range((block - 1) * VERSIONS + 1, block * VERSIONS + 1)


def name_of(set_name: str, block: int) -> str:
    """Where a block is, below the store's root."""
    return f"sets/{set_name}/manifests/{block:06}.json.z"


def read_block(objects: Objects, set_name: str, block: int) -> Iterator[Manifest]:
    """The manifests in a block, as they were written, each checked against its own digest; none
    where the block is missing or damaged.
    """
    with suppress(NotFoundError, zlib.error, msgspec.MsgspecError, ValueError, IndexError):
        content = zlib.decompress(objects.get(name_of(set_name, block)))
        read = msgspec.json.decode(content, type=_Block)
        for of in read.snapshots:
            parts = tuple(read.parts[number] for number in of.parts)
            shape = read.shapes[of.shape]
            manifest = Manifest(FORMAT, of.snapshot_id, shape, of.rows, parts=parts)
            if is_named(manifest, of.snapshot_id):
                yield manifest


def encode_block(manifests: Sequence[Manifest]) -> bytes:
    """The bytes of a block; manifests of format 1 are left out."""
    shapes: dict[bytes, int] = {}
    parts: dict[Part, int] = {}
    snapshots: dict[str, _Snapshot] = {}
    kept: list[Shape] = []
    for manifest in manifests:
        if manifest.format != FORMAT:
            continue
        written = msgspec.json.encode(manifest.shape)
        if written not in shapes:
            kept.append(manifest.shape)
        shape = shapes.setdefault(written, len(shapes))
        numbers = [parts.setdefault(part, len(parts)) for part in manifest.parts]
        snapshots[manifest.snapshot_id] = _Snapshot(
            manifest.snapshot_id, shape, manifest.rows, numbers
        )
    block = _Block(1, kept, list(parts), list(snapshots.values()))
    return zlib.compress(msgspec.json.encode(block), _LEVEL)
