"""Columns of parts in ascending order, kept in the cache of this machine.

A file a part: what versions that share the part are compared by, so that nobody reads and sorts it
twice. It is derived; one that is missing or damaged is made again by who needs it.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from estimates.storage.derived_folder import DerivedFolder

MAX_BYTES = 4 << 30
_HEAD = struct.Struct("<8sIIQ")  # mark, length and checksum of the table, sum of the numbers' bits
_MARK = b"columns1"
Floats = NDArray[np.float64]


class PartColumns(msgspec.Struct, frozen=True):
    """What is known of a part besides its digest.

    rows     how many it has
    schema   its columns and their types
    keys     whether they ascend, none is null or twice, and each can stand in a path
    numbers  of each column of numbers how many are finite, and Σ |x| in units of 2⁻¹⁰⁸⁰ as text
    """

    rows: int
    schema: list[tuple[str, str]]
    keys: bool
    numbers: dict[str, tuple[int, str]]


class ColumnCache(DerivedFolder):
    """Files of columns by the digest of their part; those used longest ago go."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, MAX_BYTES)

    def get(self, digest: str) -> tuple[PartColumns, dict[str, Floats]] | None:
        """The columns of a part, mapped; None when they are not kept or damaged."""
        path = self.folder / f"{digest}.columns"
        try:
            with path.open("rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            os.utime(path)
        except (OSError, ValueError):
            return None
        return _read(content)

    def put(self, digest: str, part: PartColumns, columns: dict[str, Floats]) -> None:
        """Keep the columns of a part, if that is possible; in the order of `part.numbers`."""
        table = msgspec.msgpack.encode(part)
        padded = table + b"\0" * (-(_HEAD.size + len(table)) % 8)
        arrays = [np.ascontiguousarray(columns[name], "<f8") for name in part.numbers]
        checksum = sum(map(_sum_of_bits, arrays)) % 2**64
        head = _HEAD.pack(_MARK, len(table), zlib.crc32(table), checksum)
        self.write(f"{digest}.columns", head, padded, *(array.data for array in arrays))


def _read(content: mmap.mmap) -> tuple[PartColumns, dict[str, Floats]] | None:
    if len(content) < _HEAD.size:
        return None
    mark, length, of_table, of_numbers = _HEAD.unpack_from(content)
    table = content[_HEAD.size : _HEAD.size + length]
    if mark != _MARK or zlib.crc32(table) != of_table:
        return None
    part = msgspec.msgpack.decode(table, type=PartColumns)
    start = _HEAD.size + length + -(_HEAD.size + length) % 8
    counts = [count for count, _ in part.numbers.values()]
    if len(content) != start + 8 * sum(counts):
        return None
    if _sum_of_bits(np.frombuffer(content, "<f8", sum(counts), start)) != of_numbers:
        return None
    columns: dict[str, Any] = {}
    at = start
    for name, count in zip(part.numbers, counts, strict=True):
        columns[name] = np.frombuffer(content, "<f8", count, at)
        at += 8 * count
    return part, columns


def _sum_of_bits(numbers: Floats) -> int:
    """The bits as whole numbers, added up: a flipped one shows, ten times as fast as in a CRC."""
    return int(numbers.view("<u8").sum(dtype=np.uint64))
