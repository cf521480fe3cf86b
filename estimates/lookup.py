"""The read file: one snapshot's rows as ready-made JSON, found by key, memory-mapped and shared by all processes.

Layout, little-endian (docs/spec.md): magic, length and CRC-32 of the header, header (JSON), then
  rows      for each row, in key order: key text, one status byte, the row's JSON, NUL
  offsets   u64[groups + 1], where each group of 8 rows begins, and the end
  checksums u32[groups], checksum of each group
  and for each number of leading key columns an index over the distinct key texts of that many columns:
  blocks    64 entries each: hashes u64[64] ascending, first rows u32[64], row counts u32[64]
  tops      u64[blocks] first hash of each block, then u32[blocks] checksum of each block; checked on open
A key text is each part's text followed by NUL (neither keys nor JSON hold one); its hash is the last eight bytes of its
MD5. Rows that share a hash are told apart by their key text. The checksum of group or block n is its CRC-32 begun with
n + 1: that of nothing is not zero then, so that what reads as zeros is damage. What a lookup touches is checked on use:
damage is an error and never a wrong number.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import sys
import threading
import zlib
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import msgspec
import numpy as np
import polars as pl

from estimates.contract import Shape
from estimates.errors import CorruptError

assert sys.byteorder == "little", "read files are mapped as they are, and they are little-endian"

MAGIC = b"ESTLOOK2"
BLOCK = 64  # entries: small enough to check one on every lookup
GROUP = 8  # rows
CHUNK = 1 << 19  # rows encoded at a time when a file is built; a multiple of GROUP
_PREFIX = struct.Struct("<8sII")
_U32 = struct.Struct("<I")
_BLOCK_BYTES = BLOCK * 16
_FIRST_AT, _COUNT_AT = BLOCK * 8, BLOCK * 12
_NO_HASH = np.uint64(2**64 - 1)
OK = ord("1")
NO_ESTIMATE = ord("0")

Array = np.ndarray[Any, Any]


class Index(msgspec.Struct, frozen=True):
    """Where the index over one number of leading key columns lies (bytes from the start of the file)."""

    entries: int
    blocks: int
    tops: int
    tops_crc: int


class Header(msgspec.Struct, frozen=True):
    """What the file holds and where (bytes from the start of the file)."""

    snapshot_id: str
    rows: int
    size: int
    rows_at: int
    offsets_at: int
    checksums_at: int
    indexes: tuple[Index, ...]


class Lookup:
    """An open read file. Threads may share it; it is unmapped when the last reference goes.

    Raises CorruptError (`lookup_damaged`) from any method when what it touches does not match its checksum.
    """

    def __init__(self, path: Path, snapshot_id: str) -> None:
        self.path = path
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.header = self._read_header(snapshot_id)
        self.rows = self.header.rows
        self._width = len(self.header.indexes) + 1  # fields of a row: its key parts, then status and JSON
        self._tops = [self._read_tops(index) for index in self.header.indexes]
        self._offsets, self._checksums = self._group_bounds()

    def get(self, parts: Sequence[str]) -> tuple[int, bytes] | None:
        """Status (`OK` or `NO_ESTIMATE`) and JSON of the row of a whole key; None when there is no such row."""
        key = [part.encode() for part in parts]
        for first, _ in self._candidates(key):
            fields, at = self._row(first)
            if fields[at : at + len(key)] == key:
                return _status_and_json(fields[at + len(key)])
        return None

    def get_many(self, keys: Sequence[Sequence[str]]) -> list[tuple[int, bytes] | None]:
        """What `get` gives for each key; keys that follow each other as rows do cost least."""
        found: list[tuple[int, bytes] | None] = []
        fields: list[bytes] = []
        following = 0  # where the row after the last one found begins in the fields of its group
        for parts in keys:
            key = [part.encode() for part in parts]
            if fields[following : following + len(key)] != key:
                for first, _ in self._candidates(key):
                    fields, following = self._row(first)
                    if fields[following : following + len(key)] == key:
                        break
                else:
                    found.append(None)
                    continue
            found.append(_status_and_json(fields[following + len(key)]))
            following += self._width
        return found

    def find(self, parts: Sequence[str]) -> range:
        """The rows whose key begins with these parts (one row for a whole key); an empty range when there are none."""
        if not parts:
            return range(self.rows)
        key = [part.encode() for part in parts]
        for first, count in self._candidates(key):
            fields, at = self._row(first)
            if fields[at : at + len(key)] == key:
                return range(first, first + count)
        return range(0)

    def read(self, numbers: range) -> list[tuple[int, bytes]]:
        """Status and JSON of consecutive rows."""
        read: list[bytes] = []
        for group in range(numbers.start // GROUP, -(-numbers.stop // GROUP)):
            rows = self._group(group)[self._width - 1 :: self._width]
            first = group * GROUP
            read += rows[max(numbers.start - first, 0) : numbers.stop - first]
        return [_status_and_json(row) for row in read]

    def _row(self, number: int) -> tuple[list[bytes], int]:
        """The fields of a row's group, and where the row's begin."""
        group, at = divmod(number, GROUP)
        return self._group(group), at * self._width

    def _group(self, group: int) -> list[bytes]:
        """The fields of a group of rows, each of which ends in NUL; checked."""
        offsets, rows_at = self._offsets, self.header.rows_at
        content = self._map[rows_at + offsets[group] : rows_at + offsets[group + 1]]
        fields = content.split(b"\0")
        fields.pop()
        rows = min(GROUP, self.rows - GROUP * group)
        if zlib.crc32(content, group + 1) != self._checksums[group] or len(fields) != rows * self._width:
            raise self._damaged(f"group {group} of rows")
        return fields

    def _candidates(self, key: Sequence[bytes]) -> list[tuple[int, int]]:
        """(first row, row count) of every entry that has the hash of these leading key parts; mostly one."""
        level, wanted = len(key) - 1, _hash(key)
        index, (tops, checksums) = self.header.indexes[level], self._tops[level]
        found: list[tuple[int, int]] = []
        number = max(bisect_left(tops, wanted) - 1, 0)
        while number < len(tops) and tops[number] <= wanted:
            start = index.blocks + number * _BLOCK_BYTES
            block = self._map[start : start + _BLOCK_BYTES]
            if zlib.crc32(block, number + 1) != checksums[number]:
                raise self._damaged(f"block {number} of index {level + 1}")
            hashes = memoryview(block).cast("Q")
            filled = min(BLOCK, index.entries - number * BLOCK)
            at = bisect_left(hashes, wanted, 0, filled)
            while at < filled and hashes[at] == wanted:
                (first,) = _U32.unpack_from(block, _FIRST_AT + 4 * at)
                found.append((first, _U32.unpack_from(block, _COUNT_AT + 4 * at)[0]))
                at += 1
            if at < filled:
                break
            number += 1
        return found

    def _read_header(self, snapshot_id: str) -> Header:
        try:
            magic, length, checksum = _PREFIX.unpack_from(self._map)
            content = self._map[_PREFIX.size : _PREFIX.size + length]
            if magic != MAGIC or zlib.crc32(content) != checksum:
                raise ValueError
            header = msgspec.json.decode(content, type=Header)
        except (struct.error, ValueError):
            raise self._damaged("header") from None
        if header.snapshot_id != snapshot_id or header.size != len(self._map):
            raise self._damaged("header")
        return header

    def _group_bounds(self) -> tuple[memoryview, memoryview]:
        """Where each group of rows begins and the last ends (u64), and the checksum of each (u32), as mapped."""
        header, groups = self.header, -(-self.rows // GROUP)
        content = memoryview(self._map)
        offsets = content[header.offsets_at : header.offsets_at + 8 * (groups + 1)]
        return offsets.cast("Q"), content[header.checksums_at : header.checksums_at + 4 * groups].cast("I")

    def _read_tops(self, index: Index) -> tuple[memoryview, memoryview]:
        """The first hash of each block (u64), and the checksum of each (u32)."""
        count = -(-index.entries // BLOCK)
        content = self._map[index.tops : index.tops + 12 * count]
        if zlib.crc32(content) != index.tops_crc or len(content) != 12 * count:
            raise self._damaged("index")
        return memoryview(content)[: 8 * count].cast("Q"), memoryview(content)[8 * count :].cast("I")

    def _damaged(self, what: str) -> CorruptError:
        return CorruptError("lookup_damaged", f"{self.path}: {what} does not match its checksum")


def _status_and_json(field: bytes) -> tuple[int, bytes]:
    return field[0], field[1:]


def build(frame: pl.DataFrame, shape: Shape, judged: Sequence[str], snapshot_id: str, path: Path) -> None:
    """Write the read file of a snapshot's frame (sorted by key), at once or not at all.

    judged  the columns that are estimates: where all of them are null the row says `no_estimate`
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with unfinished.open("wb") as file:
            _write(file, frame, shape, judged, snapshot_id)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def json_rows(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Each row as JSON: columns in the order given, dates ISO, timestamps with `Z`."""
    return frame.select(pl.struct(_as_json(frame, name) for name in names).struct.json_encode()).to_series()


def _as_json(frame: pl.DataFrame, name: str) -> pl.Expr:
    return text_of(frame, name).alias(name) if frame.schema[name].is_temporal() else pl.col(name)


def text_of(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A key column as text, the same as `frame.key_text` gives for one part."""
    column, dtype = pl.col(name), frame.schema[name]
    if isinstance(dtype, pl.Datetime):
        whole = column.dt.to_string("%Y-%m-%dT%H:%M:%SZ")
        return (
            pl.when(column.dt.microsecond() == 0).then(whole).otherwise(column.dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ"))
        )
    return column.dt.to_string("%Y-%m-%d") if dtype == pl.Date else column.cast(pl.String)


def _write(file: BinaryIO, frame: pl.DataFrame, shape: Shape, judged: Sequence[str], snapshot_id: str) -> None:
    # Room for the header, whose numbers are known only at the end.
    room = _PREFIX.size + 512 + 128 * len(shape.key)
    file.seek(room)
    offsets, checksums = _write_rows(file, frame, shape, judged)
    offsets_at = _write_array(file, offsets)
    checksums_at = _write_array(file, checksums)
    indexes = tuple(_write_index(file, frame, shape.key_names[: level + 1]) for level in range(len(shape.key)))
    header = Header(snapshot_id, frame.height, file.tell(), room, offsets_at, checksums_at, indexes)
    content = msgspec.json.encode(header)
    assert _PREFIX.size + len(content) <= room
    file.seek(0)
    file.write(_PREFIX.pack(MAGIC, len(content), zlib.crc32(content)) + content)


def _write_rows(file: BinaryIO, frame: pl.DataFrame, shape: Shape, judged: Sequence[str]) -> tuple[Array, Array]:
    """Write the rows, a chunk at a time to bound memory; the offsets and checksums of their groups."""
    offsets: list[int] = []
    checksums: list[int] = []
    crc32, end = zlib.crc32, 0
    for start in range(0, frame.height, CHUNK):
        content, bounds = _encode(frame.slice(start, CHUNK), shape, judged)
        file.write(content)
        seeds = range(len(checksums) + 1, len(checksums) + len(bounds))
        checksums += [crc32(content[a:b], seed) for seed, (a, b) in zip(seeds, pairwise(bounds), strict=True)]
        offsets += [end + bound for bound in bounds[:-1]]
        end += len(content)
    return np.array([*offsets, end], "<u8"), np.array(checksums, "<u4")


def _encode(chunk: pl.DataFrame, shape: Shape, judged: Sequence[str]) -> tuple[memoryview, list[int]]:
    """The bytes of some rows, and where in them each group begins and the last ends."""
    null = pl.all_horizontal(pl.col(list(judged)).is_null())
    status = pl.when(null).then(pl.lit(chr(NO_ESTIMATE))).otherwise(pl.lit(chr(OK)))
    row = json_rows(chunk, [*shape.key_names, *shape.column_names])
    fields = [*_key_pieces(chunk, shape.key_names), status, row, pl.lit("\0")]
    records = chunk.select(pl.concat_str(*fields)).to_series().rechunk()
    array: Any = records.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, "<i8", len(records) + 1, array.offset * 8)
    bounds = np.append(offsets[:-1:GROUP], offsets[-1]) - offsets[0]
    return memoryview(data or b"")[offsets[0] : offsets[-1]], bounds.tolist()


def _key_pieces(frame: pl.DataFrame, names: Sequence[str]) -> list[pl.Expr]:
    """The pieces of the key text over some leading key columns."""
    return [piece for name in names for piece in (text_of(frame, name), pl.lit("\0"))]


def _write_index(file: BinaryIO, frame: pl.DataFrame, names: Sequence[str]) -> Index:
    """Write the index over runs of equal leading key columns (equal ones are neighbours: rows are sorted by key)."""
    keys = frame.select(names)
    begins = keys.select(pl.any_horizontal(pl.all().ne_missing(pl.all().shift(1)))).to_series()
    first = begins.arg_true().to_numpy().astype("<u4")
    counts = np.diff(np.append(first, frame.height)).astype("<u4")
    hashes = _hashes(keys if len(first) == frame.height else keys[first])
    order = np.argsort(hashes)
    blocks = -(-len(first) // BLOCK)
    layout = np.zeros((blocks, _BLOCK_BYTES), "u1")
    _fill(layout[:, :_FIRST_AT], hashes[order], _NO_HASH)
    _fill(layout[:, _FIRST_AT:_COUNT_AT], first[order], 0)
    _fill(layout[:, _COUNT_AT:], counts[order], 0)
    blocks_at = _write_array(file, layout)
    tops = layout[:, :8].tobytes() + np.array([zlib.crc32(b.data, n) for n, b in enumerate(layout, 1)], "<u4").tobytes()
    tops_at = _aligned(file)
    file.write(tops)
    return Index(len(first), blocks_at, tops_at, zlib.crc32(tops))


def _fill(place: Array, values: Array, filler: Any) -> None:
    """Lay values out over the rows of a byte array, the last row filled up."""
    padded = np.full((len(place), BLOCK), filler, values.dtype)
    padded.reshape(-1)[: len(values)] = values
    place[:] = padded.view("u1")


def _write_array(file: BinaryIO, values: Array) -> int:
    at = _aligned(file)
    file.write(np.ascontiguousarray(values).data)
    return at


def _aligned(file: BinaryIO) -> int:
    """Advance to a multiple of 8 and say where that is."""
    file.write(b"\0" * (-file.tell() % 8))
    return file.tell()


def _hash(key: Sequence[bytes]) -> int:
    """The hash of the key text over leading key parts."""
    text = b"\0".join(key) + b"\0"
    return int.from_bytes(hashlib.md5(text, usedforsecurity=False).digest()[8:], "little")


def _hashes(keys: pl.DataFrame) -> Array:
    """The hash of each row's key text; DuckDB's `md5_number_lower` is `_hash`."""
    hashes = np.empty(keys.height, "<u8")
    with _duckdb(os.getpid()).cursor() as connection:
        for start in range(0, keys.height, CHUNK):
            chunk = keys.slice(start, CHUNK)
            texts = chunk.select(pl.concat_str(_key_pieces(chunk, keys.columns)).alias("text"))
            connection.register("texts", texts.to_arrow())
            found = connection.execute("SELECT md5_number_lower(text) AS hash FROM texts").fetchnumpy()["hash"]
            hashes[start : start + CHUNK] = found
    return hashes


@cache
def _duckdb(process: int) -> duckdb.DuckDBPyConnection:
    """A process's own DuckDB: to start one takes longer than to hash a hundred thousand keys."""
    return duckdb.connect()
