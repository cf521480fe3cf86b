"""The read file: one part's rows as ready-made JSON, found by key, memory-mapped and shared by
all processes.

Layout, little-endian (docs/spec.md): magic, length and CRC-32 of the header, header (JSON), then
  rows     for each row, in key order: a line feed, the row's JSON, a comma; cut into groups
  numbers  u32[groups + 1], how many rows stand before each group, and all
  keys     for each group: a byte FE, the search key of its first row; cut into blocks of 16 groups
           or more
Rows and keys are each followed by where each piece begins and the last one ends (u64), and by the
CRC-32 of all before each piece and of all (u32). JSON never has a line feed inside, so a line feed
and the JSON of the key columns stand nowhere but where the row of that key begins, and rows that
follow each other are a part of a JSON array. A group has about 8 rows; the rows that share all but
the last part of their key are in one group, unless they are more than 16.

Search keys (search_key.py) sort as the rows do, so a key's group is found by bisection: over keys
in memory, then over those of one block. The checksum of pieces that follow each other is what a
CRC-32 that begins with that of all before them ends with: however many are read, it is one. Keys
are checked as they are read, into memory or block by block, and so is the group that they lead to:
a row that is not there is nowhere. Damage is an error and never a wrong number.
"""

import ctypes
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from estimates.errors import CorruptError
from estimates.lookup.checksum import crc32

assert sys.byteorder == "little", "read files are mapped as they are, and they are little-endian"

MAGIC = b"ESTLOOK6"
REVISION = 6
PREFIX = struct.Struct("<8sII")
ROWS_AT = 1024  # behind the header
LINE = b"\n"  # before each row
ROW = b"\n{"  # how each row begins: sought faster than one byte
BEFORE = b"\xfe"  # before each key of a block: sorts before AFTER, and UTF-8 has neither
# behind a search key: after all rows that begin with it, before all others that follow
AFTER = b"\xff"

Array = np.ndarray[Any, Any]


class Table(msgspec.Struct, frozen=True):
    """Pieces of the file: how many, and where their offsets and checksums are (bytes from the start
    of the file).
    """

    count: int
    offsets_at: int
    checksums_at: int


class Header(msgspec.Struct, frozen=True):
    """What the file holds and where.

    digest    of the part
    parts     how many a key has
    block     how many groups make a block
    all_in_memory  readers take all keys into memory, not just the first ones of blocks
    """

    digest: str
    rows: int
    parts: int
    size: int
    groups: Table
    numbers_at: int
    numbers_crc: int
    blocks: Table
    block: int
    all_in_memory: bool = msgspec.field(name="all_held")


def encode_header(header: Header) -> bytes:
    """The bytes before the rows, without the zeros that follow."""
    content = msgspec.json.encode(header)
    assert PREFIX.size + len(content) <= ROWS_AT
    return PREFIX.pack(MAGIC, len(content), crc32(content)) + content


def decode_header(path: str | Path, content: Any, digest: str, size: int | None) -> Header:
    """The header of a file of this size (None where that is not known); raises CorruptError
    (`lookup_damaged`).
    """
    try:
        magic, length, checksum = PREFIX.unpack_from(content)
        encoded = content[PREFIX.size : PREFIX.size + length]
        if magic != MAGIC or crc32(encoded) != checksum:
            raise ValueError
        header = msgspec.json.decode(encoded, type=Header)
    except (struct.error, ValueError):
        raise damaged(path, "header") from None
    if header.digest != digest or size not in (None, header.size):
        raise damaged(path, "header")
    return header


def damaged(path: str | Path, what: str) -> CorruptError:
    """The error (`lookup_damaged`) for a part of a file that is not as it was written."""
    return CorruptError(
        "lookup_damaged",
        f"{path}: {what} does not match its checksum",
        remedy="remove it: it is made again from the snapshot",
    )


class RemoteNumbers(Sequence[int]):
    """The numbers of a table, each read when it is used; for contents that are not in memory."""

    def __init__(self, content: Any, at: int, count: int, form: str) -> None:
        self._content = content
        self._at = at
        self._count = count
        self._number = struct.Struct(f"<{form}")

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        size = self._number.size
        at = self._at + index * size
        return self._number.unpack(self._content[at : at + size])[0]


def is_mapped(content: Any) -> bool:
    """Whether a content is mapped into memory."""
    return isinstance(content, ctypes.Array)


def _numbers(content: Any, at: int, count: int, form: Literal["Q", "I"]) -> Sequence[int]:
    """The numbers of a table: a view of what is mapped."""
    if is_mapped(content):
        view = memoryview(content).cast("B")
        if form == "Q":
            return view[at : at + 8 * count].cast("Q")
        return view[at : at + 4 * count].cast("I")
    return RemoteNumbers(content, at, count, form)


class Pieces:
    """Consecutive pieces of a file, checked as they are loaded."""

    def __init__(self, path: str | Path, content: Any, table: Table, what: str) -> None:
        ends = table.count + 1
        self.count = table.count
        self.offsets = _numbers(content, table.offsets_at, ends, "Q")
        self.checksums = _numbers(content, table.checksums_at, ends, "I")
        self._content = content
        self._what = path, what

    def load(self, first: int, stop: int) -> bytes:
        """The content of some pieces; raises CorruptError (`lookup_damaged`)."""
        checksums = self.checksums
        content: bytes = self._content[self.offsets[first] : self.offsets[stop]]
        if crc32(content, checksums[first]) != checksums[stop] or (not content and stop > first):
            raise self.damaged(first)
        return content

    def damaged(self, piece: int) -> CorruptError:
        """What to raise where a piece, or what led to it, is not as it was written."""
        path, what = self._what
        return damaged(path, f"{what} {piece}, or what was read to find it,")
