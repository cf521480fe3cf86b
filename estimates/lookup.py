"""The read file: one snapshot's rows as ready-made JSON, found by key, memory-mapped and shared by all processes.

Layout, little-endian (docs/spec.md): magic, length and CRC-32 of the header, header (JSON), then
  rows       for each row, in key order: NUL, NUL, search key, status ("1" or "0"), NUL, the row's JSON, NUL
  offsets    u64[groups + 1], where in the file each group of 4 rows begins, and where the last ends
  checksums  u32[groups + 1], the CRC-32 of all rows before each group, and of all rows
  tops       the search key of the first row of every `stride`-th group, with a byte FF between them
Search keys (search_key.py) sort as the rows do, and no part of one is empty or holds a NUL, nor does JSON: so two NULs
and a search key are found nowhere but where a row begins, and a key is found by bisection: first over the tops, which
are few enough to be held in memory, then over the first rows of the groups between two of them, as mapped.

The checksum of groups that follow each other is what a CRC-32 that begins with that of the rows before them ends with:
however many are read, it is one. What the bisection touched is not checked; what it found is: that a row is there by
the checksum of its group, that none is by those of the rows before and after the place where it would be. Damage is an
error and never a wrong number.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import weakref
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

import msgspec
import numpy as np
import polars as pl

from estimates.errors import CorruptError
from estimates.mapped import map_file
from estimates.row_text import Piece, joined, json_pieces
from estimates.search_key import search_pieces
from estimates.shape import Shape

assert sys.byteorder == "little", "read files are mapped as they are, and they are little-endian"

MAGIC = b"ESTLOOK4"
GROUP = 4  # rows: what is checked for each lookup
AHEAD = 4  # groups: loaded at a time to read the rows under a leading part of a key
ENCODERS = 2  # threads that encode rows while a third one writes them
CHUNK = 1 << 15  # rows encoded at a time when a file is built; a multiple of GROUP
TOPS = 1 << 18  # at most so many are held in memory: of a file all that processes do not share
LONGEST_TOP = 64  # bytes, on average; of longer ones there are fewer
SEARCHES_WORTH = 64  # tops that are worth reading for each search that was made without them
HOLDERS = 64  # files whose tops are held at a time
_PREFIX = struct.Struct("<8sII")
ROWS_AT = 1024  # behind the header
_MARK = b"\0\0"  # before each row
_TO_JSON = len(_MARK) + 2  # and the search key: what comes before a row's JSON
_BETWEEN = b"\0\0\0"  # the end of a row's JSON and the mark of the next row
_AFTER = b"\xff"  # behind a search key: after all rows that begin with it, before all others that follow
OK = ord("1")
NO_ESTIMATE = ord("0")

Array = np.ndarray[Any, Any]
Row = tuple[int, bytes]
_holders: deque[weakref.ref[Lookup]] = deque()


class Header(msgspec.Struct, frozen=True):
    """What the file holds and where (bytes from the start of the file); `fields`: how many NULs a row has."""

    snapshot_id: str
    rows: int
    size: int
    offsets_at: int
    checksums_at: int
    tops_at: int
    tops_crc: int
    stride: int
    fields: int


class Lookup:
    """An open read file. Threads may share it; it is unmapped when the last reference goes.

    Keys are search keys (`KeyForm.search`); a row is its status (`OK` or `NO_ESTIMATE`) and its JSON. Raises
    CorruptError (`lookup_damaged`) from any method when what it touches does not match its checksum.
    """

    def __init__(self, path: str | Path, snapshot_id: str) -> None:
        self.path = path
        self._map, size = map_file(path)
        self.header = header = self._read_header(snapshot_id, size)
        self.rows = header.rows
        self._fields = header.fields
        self._stride = header.stride
        self._groups = -(-header.rows // GROUP)
        content = memoryview(self._map).cast("B")
        self._offsets = content[header.offsets_at : header.offsets_at + 8 * (self._groups + 1)].cast("Q")
        self._checksums = content[header.checksums_at : header.checksums_at + 4 * (self._groups + 1)].cast("I")
        self._tops: list[bytes] | None = None
        self._searches = 0

    def get(self, key: bytes) -> Row | None:
        """The row of a whole key; None when there is no such row."""
        tops, bound = self._tops, key + _AFTER
        group = bisect_left(tops, bound) - 1 if tops is not None and self._stride == 1 else self._search(bound)
        row = self._seek(key, group) if group >= 0 else None
        if row is None:
            self._rank(bound, group)
        return row

    def get_near(self, key: bytes, near: int) -> tuple[Row | None, int]:
        """What `get` gives, and the group of rows it was found in; looked for first in the group given.

        Files that mostly have the same keys have a key in the same group.
        """
        if 0 <= near < self._groups and (row := self._seek(key, near)) is not None:
            return row, near
        group = self._search(key + _AFTER)
        row = self._seek(key, group) if group >= 0 else None
        if row is None:
            self._rank(key + _AFTER, group)
            return None, near
        return row, group

    def get_many(self, keys: Sequence[bytes]) -> list[Row | None]:
        """What `get` gives for each key; keys that follow each other as rows do cost least."""
        found: list[Row | None] = []
        content, loaded = b"", -1
        for key, group in zip(keys, self._search_many(keys), strict=True):
            if group != loaded:
                content, loaded = self._load(group, group + 1) if group >= 0 else b"", group
            at = content.find(_MARK + key)
            if at >= 0:
                at += len(key) + _TO_JSON
                found.append((content[at - 2], content[at : content.find(b"\0", at)]))
            else:
                self._rank(key + _AFTER, group)
                found.append(None)
        return found

    def find(self, key: bytes) -> range:
        """The rows under the search key of a leading part (one row for a whole key); all rows for an empty one."""
        if not key:
            return range(self.rows)
        after = key + _AFTER
        return range(self._rank(key, self._search(key)), self._rank(after, self._search(after)))

    def find_and_read(self, key: bytes, limit: int) -> tuple[range, list[bytes]]:
        """What `find` gives, and the JSON of the first `limit` rows of it; few rows are loaded once for both."""
        first, mark, length = max(self._search(key), 0), _MARK + key, len(key)
        stop = min(first + AHEAD, self._groups)
        loaded = self._load(first, stop)
        at, last = loaded.find(mark), loaded.rfind(_MARK) + len(_MARK)
        if not key or at < 0 or (stop < self._groups and loaded[last : last + length] <= key):
            found = self.find(key)
            return found, self.read(found[:limit])
        if at == 0 and first > 0:
            raise self._damaged(f"what was read to find group {first}")
        rows = self._json(loaded[at : loaded.find(_BETWEEN, loaded.rindex(mark) + length)])
        start = first * GROUP + loaded.count(_BETWEEN, 0, at + len(_MARK))
        return range(start, start + len(rows)), rows[:limit]

    def read(self, numbers: range) -> list[bytes]:
        """The JSON of consecutive rows."""
        first = numbers.start // GROUP
        rows = self._json(self._load(first, -(-numbers.stop // GROUP)))
        return rows[numbers.start - first * GROUP : numbers.stop - first * GROUP]

    def _json(self, rows: bytes) -> list[bytes]:
        """The JSON of these rows, each of which is: two NULs, the parts of the key, status, JSON."""
        return rows.split(b"\0")[self._fields - 1 :: self._fields]

    def _seek(self, key: bytes, group: int) -> Row | None:
        """The row of a key in a group."""
        offsets, checksums = self._offsets, self._checksums
        content: bytes = self._map[offsets[group] : offsets[group + 1]]  # as `_load`, without a call
        if crc32(content, checksums[group]) != checksums[group + 1] or not content:
            raise self._damaged(f"group {group} of rows")
        if (at := content.find(_MARK + key)) < 0:
            return None
        at += len(key) + _TO_JSON
        return content[at - 2], content[at : content.find(b"\0", at)]

    def _search(self, bound: bytes) -> int:
        """The last group whose first row sorts before a bound, or −1; nothing that was read for it is checked."""
        tops, low, high = self._tops, 0, self._groups
        if tops is not None or (tops := self._count_search()) is not None:
            stride = self._stride
            top = bisect_left(tops, bound)
            if stride == 1:
                return top - 1
            low, high = max((top - 1) * stride, 0), min(top * stride, high)
        content, offsets, length = self._map, self._offsets, len(bound) + 2

        def first(group: int) -> bytes:
            at = offsets[group]
            return content[at + 2 : at + length]

        return bisect_left(range(high), bound, low, key=first) - 1

    def _search_many(self, keys: Sequence[bytes]) -> list[int]:
        """For each key the group that its row is in if there is one."""
        tops = self._tops
        if tops is None or self._stride > 1:
            return [self._search(key + _AFTER) for key in keys]
        return [bisect_left(tops, key + _AFTER) - 1 for key in keys]

    def _count_search(self) -> list[bytes] | None:
        """The tops, once there were enough searches to be worth reading them; before that a search takes longer."""
        self._searches += 1
        if self._searches * SEARCHES_WORTH < self._groups // self._stride:
            return None
        header = self.header
        content = self._map[header.tops_at : header.size]
        if crc32(content) != header.tops_crc:
            raise self._damaged("tops")
        self._tops = tops = content.split(_AFTER) if content else []
        _holders.append(weakref.ref(self))
        if len(_holders) > HOLDERS:
            oldest = _holders.popleft()()
            if oldest is not None and oldest is not self:
                oldest._tops, oldest._searches = None, 0
        return tops

    def _rank(self, bound: bytes, group: int) -> int:
        """How many rows sort before a bound, given the group found for it; rows on both sides prove it."""
        if not self.rows:
            return 0
        group = max(group, 0)
        rows = self._rows(group)
        at = bisect_left(rows, bound)
        if at == len(rows) and group + 1 < self._groups:
            misled = self._rows(group + 1)[0] < bound
        else:
            misled = at == 0 and group > 0
        if misled:
            raise self._damaged(f"what was read to find group {group}")
        return group * GROUP + at

    def _rows(self, group: int) -> list[bytes]:
        """The rows of a group, search key and the rest; checked."""
        return self._load(group, group + 1)[len(_MARK) : -1].split(_BETWEEN)

    def _load(self, first: int, stop: int) -> bytes:
        """The content of consecutive groups of rows; checked."""
        offsets, checksums = self._offsets, self._checksums
        content: bytes = self._map[offsets[first] : offsets[stop]]
        if crc32(content, checksums[first]) != checksums[stop] or (not content and stop > first):
            raise self._damaged(f"groups {first} to {stop - 1} of rows")
        return content

    def _read_header(self, snapshot_id: str, size: int) -> Header:
        try:
            magic, length, checksum = _PREFIX.unpack_from(self._map)
            content = self._map[_PREFIX.size : _PREFIX.size + length]
            if magic != MAGIC or crc32(content) != checksum:
                raise ValueError
            header = msgspec.json.decode(content, type=Header)
        except (struct.error, ValueError):
            raise self._damaged("header") from None
        if header.snapshot_id != snapshot_id or header.size != size:
            raise self._damaged("header")
        return header

    def _damaged(self, what: str) -> CorruptError:
        return CorruptError("lookup_damaged", f"{self.path}: {what} does not match its checksum")


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


def _write(file: BinaryIO, frame: pl.DataFrame, shape: Shape, judged: Sequence[str], snapshot_id: str) -> None:
    file.seek(ROWS_AT)  # the header's numbers are known only at the end
    offsets, checksums = _write_rows(file, _encoded(frame, shape, judged))
    offsets_at = _write_array(file, offsets)
    checksums_at = _write_array(file, checksums)
    tops, stride = _tops(frame, shape.key_names)
    tops_at = file.tell()
    file.write(tops)
    fields = len(shape.key) + 4
    header = Header(
        snapshot_id, frame.height, file.tell(), offsets_at, checksums_at, tops_at, crc32(tops), stride, fields
    )
    content = msgspec.json.encode(header)
    assert _PREFIX.size + len(content) <= ROWS_AT
    file.seek(0)
    file.write(_PREFIX.pack(MAGIC, len(content), crc32(content)) + content)


def _encoded(frame: pl.DataFrame, shape: Shape, judged: Sequence[str]) -> Iterator[tuple[memoryview, Array]]:
    """What `_encode` gives for each chunk, in order; some are encoded while others are written, to bound memory."""
    with ThreadPoolExecutor(ENCODERS) as threads:
        ahead: deque[Future[tuple[memoryview, Array]]] = deque()
        for start in range(0, frame.height, CHUNK):
            ahead.append(threads.submit(_encode, frame.slice(start, CHUNK), shape, judged))
            if len(ahead) > ENCODERS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _write_rows(file: BinaryIO, chunks: Iterable[tuple[memoryview, Array]]) -> tuple[Array, Array]:
    """Write the rows; the offsets and checksums of their groups."""
    offsets, checksums, end = [np.empty(0, "<u8")], [np.zeros(1, "<u4")], ROWS_AT
    for content, bounds in chunks:
        file.write(content)
        checksum, groups = int(checksums[-1][-1]), pairwise(bounds.tolist())
        checksums.append(np.array([checksum := crc32(content[a:b], checksum) for a, b in groups], "<u4"))
        offsets.append(bounds[:-1] + end)
        end += len(content)
    return np.append(np.concatenate(offsets), end).astype("<u8"), np.concatenate(checksums)


def _encode(chunk: pl.DataFrame, shape: Shape, judged: Sequence[str]) -> tuple[memoryview, Array]:
    """The bytes of some rows, and where in them each group begins and the last ends."""
    names, key = [*shape.key_names, *shape.column_names], search_pieces(chunk, shape.key_names)
    pieces = ["\0\0", *key, _status(chunk, judged), "\0", *json_pieces(chunk, names), "\0"]
    records = chunk.select(joined(pieces)).to_series().rechunk()
    array: Any = records.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, "<i8", len(records) + 1, array.offset * 8)
    bounds = np.append(offsets[:-1:GROUP], offsets[-1]) - offsets[0]
    return memoryview(data or b"")[offsets[0] : offsets[-1]], bounds


def _status(chunk: pl.DataFrame, judged: Sequence[str]) -> Piece:
    """The status byte of each row."""
    if not all(chunk.get_column(name).null_count() for name in judged):
        return chr(OK)
    null = pl.all_horizontal(pl.col(list(judged)).is_null())
    return pl.when(null).then(pl.lit(chr(NO_ESTIMATE))).otherwise(pl.lit(chr(OK)))


def _tops(frame: pl.DataFrame, names: Sequence[str]) -> tuple[bytes, int]:
    """The search keys of the first rows of every so many groups, and how many."""
    stride = max(-(-frame.height // (GROUP * TOPS)), 1)
    rows = frame.gather_every(GROUP * stride)
    keys = rows.select(joined(search_pieces(rows, names))).to_series()
    while keys.str.len_bytes().sum() > TOPS * LONGEST_TOP:
        keys, stride = keys.gather_every(2), 2 * stride
    return _AFTER.join(key.encode() for key in keys), stride


def _write_array(file: BinaryIO, values: Array) -> int:
    """Write an array at the next multiple of 8 and say where that is."""
    file.write(b"\0" * (-file.tell() % 8))
    at = file.tell()
    file.write(values.data)
    return at
