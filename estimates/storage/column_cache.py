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

MAX_BYTES = 8 << 30  # 100 M rows of three columns take 4.4 GB
# mark, length and checksum of the table, sum of the bits of numbers and places
_HEAD = struct.Struct("<8sIIQ")
_MARK, _HASHES = b"columns2", b"hashes_1"
Floats = NDArray[np.float64]
# Of a column the numbers in order, and which of them in key order each is.
Ordered = tuple[Floats, NDArray[np.int32]]


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

    def get(self, digest: str) -> tuple[PartColumns, dict[str, Ordered]] | None:
        """The columns of a part, mapped; None when they are not kept or damaged."""
        path = self.folder / f"{digest}.columns"
        try:
            with path.open("rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            os.utime(path)
        except (OSError, ValueError):
            return None
        return _read(content)

    def put(self, digest: str, part: PartColumns, columns: dict[str, Ordered]) -> None:
        """Keep the columns of a part, if that is possible; in the order of `part.numbers`."""
        table = msgspec.msgpack.encode(part)
        padded = table + b"\0" * (-(_HEAD.size + len(table)) % 8)
        numbers = [np.ascontiguousarray(columns[name][0], "<f8") for name in part.numbers]
        places = [np.ascontiguousarray(columns[name][1], "<i4") for name in part.numbers]
        arrays = [*numbers, *places]
        checksum = sum(map(_sum_of_bits, arrays)) % 2**64
        head = _HEAD.pack(_MARK, len(table), zlib.crc32(table), checksum)
        self.write(f"{digest}.columns", head, padded, *(array.data for array in arrays))

    def get_hashes(self, digest: str, program: str) -> NDArray[np.uint64] | None:
        """The hashes of a part's rows; None when they are not kept or damaged."""
        path = self.folder / f"{digest}-{program}.hashes"
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        if len(content) < _HEAD.size or (len(content) - _HEAD.size) % 8:
            return None
        mark, rows, _, checksum = _HEAD.unpack_from(content)
        hashes = np.frombuffer(content, "<u8", offset=_HEAD.size)
        is_whole = mark == _HASHES and rows == len(hashes) and _sum_of_bits(hashes) == checksum
        return hashes if is_whole else None

    def put_hashes(self, digest: str, program: str, hashes: NDArray[np.uint64]) -> None:
        """Keep the hashes of a part's rows, if that is possible; `program` says how they are made,
        in letters and digits.
        """
        hashes = np.ascontiguousarray(hashes, "<u8")
        head = _HEAD.pack(_HASHES, len(hashes), 0, _sum_of_bits(hashes))
        self.write(f"{digest}-{program}.hashes", head, hashes.data)


def _read(content: mmap.mmap) -> tuple[PartColumns, dict[str, Ordered]] | None:
    if len(content) < _HEAD.size:
        return None
    mark, length, of_table, of_numbers = _HEAD.unpack_from(content)
    table = content[_HEAD.size : _HEAD.size + length]
    if mark != _MARK or zlib.crc32(table) != of_table:
        return None
    part = msgspec.msgpack.decode(table, type=PartColumns)
    start = _HEAD.size + length + -(_HEAD.size + length) % 8
    counts = [count for count, _ in part.numbers.values()]
    places_at = start + 8 * sum(counts)
    if len(content) != places_at + 4 * sum(counts):
        return None
    numbers = np.frombuffer(content, "<f8", sum(counts), start)
    places = np.frombuffer(content, "<i4", sum(counts), places_at)
    if (_sum_of_bits(numbers) + _sum_of_bits(places)) % 2**64 != of_numbers:
        return None
    columns: dict[str, Ordered] = {}
    stops = np.cumsum(counts).tolist()
    for name, count, stop in zip(part.numbers, counts, stops, strict=True):
        columns[name] = numbers[stop - count : stop], places[stop - count : stop]
    return part, columns


def _sum_of_bits(numbers: NDArray[Any]) -> int:
    """The bits as whole numbers, added up: a flipped one shows, ten times as fast as in a CRC."""
    return int(numbers.view(f"<u{numbers.itemsize}").sum(dtype=np.uint64))
