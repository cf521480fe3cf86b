"""The read file: one snapshot's rows as ready-made JSON, found by key, memory-mapped and shared by all processes.

Layout, little-endian (docs/spec.md): magic, length and CRC-32 of the header, header (JSON), then
  rows      for each row, in key order: key text, one status byte, the row's JSON
  offsets   u64[rows + 1] into rows
  checksums u32[rows], CRC-32 of each row
  and for each number of leading key columns an index over the distinct key texts of that many columns:
  blocks    256 entries each: hashes u64[256] ascending, first rows u32[256], row counts u32[256]
  tops      u64[blocks] first hash of each block, then u32[blocks] CRC-32 of each block; checked on open
A key text is each part's text followed by NUL; its hash is the last eight bytes of its MD5. Rows that share a hash are
told apart by their key text. What a lookup touches is checked on use: damage is an error and never a wrong number.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import msgspec
import numpy as np
import polars as pl

from estimates.contract import Shape
from estimates.errors import CorruptError

MAGIC = b"ESTLOOK1"
BLOCK = 256
_BLOCK_BYTES = BLOCK * 16
_PREFIX = struct.Struct("<8sII")
_NO_HASH = np.uint64(2**64 - 1)
OK = ord("1")
NO_ESTIMATE = ord("0")


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
        self._tops = [self._read_tops(index) for index in self.header.indexes]

    def find(self, parts: Sequence[str]) -> range:
        """The rows whose key begins with these parts (one row for a whole key); an empty range when there are none."""
        if not parts:
            return range(self.rows)
        key = key_text(parts)
        wanted = _hash(key)
        for first, count in self._candidates(len(parts) - 1, wanted):
            if self._record(first).startswith(key):
                return range(first, first + count)
        return range(0)

    def row(self, number: int) -> tuple[int, bytes]:
        """Status (`OK` or `NO_ESTIMATE`) and JSON of a row."""
        record = self._record(number)
        at = 0
        for _ in self.header.indexes:
            at = record.index(b"\0", at) + 1
        return record[at], record[at + 1 :]

    def _record(self, number: int) -> bytes:
        start, end = struct.unpack_from("<QQ", self._map, self.header.offsets_at + 8 * number)
        (checksum,) = struct.unpack_from("<I", self._map, self.header.checksums_at + 4 * number)
        record = self._map[self.header.rows_at + start : self.header.rows_at + end]
        if zlib.crc32(record) != checksum:
            raise self._damaged(f"row {number}")
        return record

    def _candidates(self, level: int, wanted: int) -> Iterator[tuple[int, int]]:
        """(first row, row count) of every entry with this hash."""
        index, (tops, checksums) = self.header.indexes[level], self._tops[level]
        number = max(int(tops.searchsorted(np.uint64(wanted), side="left")) - 1, 0)
        while number < len(tops) and tops[number] <= wanted:
            block = self._map[index.blocks + number * _BLOCK_BYTES : index.blocks + (number + 1) * _BLOCK_BYTES]
            if zlib.crc32(block) != checksums[number]:
                raise self._damaged(f"block {number} of index {level + 1}")
            hashes = np.frombuffer(block, "<u8", BLOCK)
            filled = min(BLOCK, index.entries - number * BLOCK)
            at = int(hashes.searchsorted(np.uint64(wanted)))
            while at < filled and hashes[at] == wanted:
                yield (
                    struct.unpack_from("<I", block, BLOCK * 8 + 4 * at)[0],
                    struct.unpack_from("<I", block, BLOCK * 12 + 4 * at)[0],
                )
                at += 1
            if at < filled:
                return
            number += 1

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

    def _read_tops(self, index: Index) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        count = -(-index.entries // BLOCK)
        content = self._map[index.tops : index.tops + 12 * count]
        if zlib.crc32(content) != index.tops_crc:
            raise self._damaged("index")
        return np.frombuffer(content, "<u8", count), np.frombuffer(content, "<u4", count, 8 * count)

    def _damaged(self, what: str) -> CorruptError:
        return CorruptError("lookup_damaged", f"{self.path}: {what} does not match its checksum")


def key_text(parts: Sequence[str]) -> bytes:
    """The text that a key (or its leading part) is found by: each part followed by NUL."""
    return ("\0".join(parts) + "\0").encode()


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
    columns = [*shape.key_names, *shape.column_names]
    keys = _key_texts(frame, shape)
    null = pl.all_horizontal(pl.col(list(judged)).is_null())
    status = frame.select(pl.when(null).then(pl.lit(chr(NO_ESTIMATE))).otherwise(pl.lit(chr(OK)))).to_series()
    records = keys[-1] + status + json_rows(frame, columns)
    # Space for the header, whose length does not depend on what is filled in later: numbers are padded by spaces.
    room = _PREFIX.size + 512 + 128 * len(keys)
    file.seek(room)
    rows_at = room
    offsets, checksums = _write_rows(file, records)
    offsets_at = _aligned(file)
    file.write(offsets.astype("<u8").tobytes())
    checksums_at = _aligned(file)
    file.write(checksums.astype("<u4").tobytes())
    indexes = tuple(_write_index(file, texts) for texts in keys)
    header = Header(snapshot_id, frame.height, file.tell(), rows_at, offsets_at, checksums_at, indexes)
    content = msgspec.json.encode(header)
    assert _PREFIX.size + len(content) <= room
    file.seek(0)
    file.write(_PREFIX.pack(MAGIC, len(content), zlib.crc32(content)) + content)


def _key_texts(frame: pl.DataFrame, shape: Shape) -> list[pl.Series]:
    """The key text of each row over the first column, the first two, and so on."""
    texts: list[pl.Series] = []
    for name in shape.key_names:
        part = frame.select(text_of(frame, name)).to_series() + "\0"
        texts.append(texts[-1] + part if texts else part)
    return texts


def _write_rows(file: BinaryIO, records: pl.Series) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Write the records one after another; their offsets and checksums."""
    array: Any = records.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, "<i8", len(records) + 1, array.offset * 8)
    content = memoryview(data or b"")[offsets[0] : offsets[-1]]
    file.write(content)
    offsets = offsets - offsets[0]
    ends = offsets.tolist()
    crc32 = zlib.crc32
    checksums = [crc32(content[ends[i] : ends[i + 1]]) for i in range(len(records))]
    return offsets, np.array(checksums, "<u4")


def _write_index(file: BinaryIO, texts: pl.Series) -> Index:
    """Write the index over runs of equal key texts (equal ones are neighbours: rows are sorted by key)."""
    first = np.flatnonzero((texts != texts.shift(1)).fill_null(True).to_numpy()) if len(texts) else np.empty(0, "i8")
    counts = np.diff(np.append(first, len(texts)))
    hashes = _hashes(texts.gather(first))
    order = np.argsort(hashes, kind="stable")
    blocks = -(-len(first) // BLOCK)
    padded = np.full((blocks, BLOCK), _NO_HASH, "<u8")
    padded.reshape(-1)[: len(first)] = hashes[order]
    rows = np.zeros((2, blocks * BLOCK), "<u4")
    rows[0, : len(first)], rows[1, : len(first)] = first[order], counts[order]
    starts, sizes = rows[0].reshape(blocks, BLOCK), rows[1].reshape(blocks, BLOCK)
    layout = np.concatenate([padded.view("u1"), starts.view("u1"), sizes.view("u1")], axis=1)
    blocks_at = _aligned(file)
    file.write(layout.tobytes())
    tops = padded[:, 0].tobytes() + np.array([zlib.crc32(block) for block in layout], "<u4").tobytes()
    tops_at = _aligned(file)
    file.write(tops)
    return Index(len(first), blocks_at, tops_at, zlib.crc32(tops))


def _aligned(file: BinaryIO) -> int:
    """Advance to a multiple of 8 and say where that is."""
    file.write(b"\0" * (-file.tell() % 8))
    return file.tell()


def _hash(key: bytes) -> int:
    return int.from_bytes(hashlib.md5(key, usedforsecurity=False).digest()[8:], "little")


def _hashes(texts: pl.Series) -> np.ndarray[Any, Any]:
    """The hash of each key text; DuckDB's `md5_number_lower` is `_hash`."""
    table = texts.alias("key").to_frame().to_arrow()
    with duckdb.connect() as connection:
        connection.register("texts", table)
        column = connection.execute("SELECT md5_number_lower(key) AS hash FROM texts").fetchnumpy()["hash"]
    return np.asarray(column, "u8")
