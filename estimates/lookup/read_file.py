"""The read file: one snapshot's rows as ready-made JSON, found by key, memory-mapped and shared by
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

from __future__ import annotations

import os
import struct
import sys
import threading
import weakref
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

import msgspec
import numpy as np
import polars as pl

from estimates.contract.shape import Shape
from estimates.errors import CorruptError
from estimates.keys.search_key import SearchKey, search_pieces
from estimates.lookup.mapped_file import map_file, map_pages
from estimates.render.row_text import Piece, joined, json_pieces

assert sys.byteorder == "little", "read files are mapped as they are, and they are little-endian"

MAGIC = b"ESTLOOK5"
GROUP = 8  # rows, about: what is checked for each lookup
BLOCK = 16  # groups, at least, whose keys are checked at a time
ENCODERS = 2  # threads that encode rows while a third one writes them
CHUNK = 1 << 15  # rows, about, encoded at a time when a file is built
HELD_KEYS = 1 << 18  # at most so many are held in memory: of a file all that processes do not share
HELD_BYTES = 1 << 24  # and so many bytes of them
SEARCHES_WORTH = 64  # keys that are worth reading for each search that was made without them
HOLDERS = 64  # files whose keys are held at a time
WIDEST = 64  # bytes: longer keys are searched one by one
_PREFIX = struct.Struct("<8sII")
ROWS_AT = 1024  # behind the header
_LINE = b"\n"  # before each row
_ROW = b"\n{"  # how each row begins: found faster than one byte
_BEFORE = b"\xfe"  # before each key of a block: sorts before _AFTER, and UTF-8 has neither
# behind a search key: after all rows that begin with it, before all others that follow
_AFTER = b"\xff"

Array = np.ndarray[Any, Any]
_holders: deque[weakref.ref[ReadFile]] = deque()


class Table(msgspec.Struct, frozen=True):
    """Pieces of the file: how many, and where their offsets and checksums are (bytes from the start
    of the file).
    """

    count: int
    offsets_at: int
    checksums_at: int


class Header(msgspec.Struct, frozen=True):
    """What the file holds and where.

    parts     how many a key has
    block     how many groups make a block
    all_held  all keys are held in memory, not just the first ones of blocks
    """

    snapshot_id: str
    rows: int
    parts: int
    size: int
    groups: Table
    numbers_at: int
    numbers_crc: int
    blocks: Table
    block: int
    all_held: bool


class Pieces:
    """Consecutive pieces of the mapped file, checked as they are loaded."""

    def __init__(self, path: str | Path, content: Any, table: Table, what: str) -> None:
        view, ends = memoryview(content).cast("B"), table.count + 1
        self.count = table.count
        self.offsets = view[table.offsets_at : table.offsets_at + 8 * ends].cast("Q")
        self.checksums = view[table.checksums_at : table.checksums_at + 4 * ends].cast("I")
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
        return _damaged(path, f"{what} {piece}, or what was read to find it,")


class ReadFile:
    """An open read file. Threads may share it; it is unmapped when the last reference goes.

    Keys are as `KeyForm.search` gives them; rows are JSON, several of them with a comma and a line
    feed between them.
    Raises CorruptError (`lookup_damaged`) from any method when what it touches does not match its
    checksum.
    """

    def __init__(self, path: str | Path, snapshot_id: str) -> None:
        self.path = path
        self._map, size = map_file(path)
        self.header = header = self._read_header(snapshot_id, size)
        self.rows = header.rows
        self._groups = Pieces(path, self._map, header.groups, "group")
        self._blocks = Pieces(path, self._map, header.blocks, "block")
        self._offsets, self._checksums = self._groups.offsets, self._groups.checksums
        self._all_held = header.all_held
        # Of every group, or of the first one of every block; before them one that sorts before all.
        self._held: list[bytes] | None = None
        self._sorted: Array | None = None  # the same of every group, where they are short
        self._searches = 0

    def map_pages(self) -> None:
        """Make ready for many lookups all over the file; takes about a tenth of a second a
        gigabyte.
        """
        map_pages(self._map)

    def get(self, key: SearchKey) -> bytes | None:
        """The row of a whole key; None when there is no such row."""
        held, bound = self._held, key[0] + _AFTER
        group = (
            bisect_left(held, bound) - 2
            if held is not None and self._all_held
            else self._search(bound)
        )
        return self._seek(key[1], group)

    def get_near(self, key: SearchKey, near: int) -> tuple[bytes | None, int]:
        """What `get` gives, and the group of rows it was found in; looked for first in the group
        given.

        Files that mostly have the same keys have a key in the same group.
        """
        if 0 <= near < self._groups.count and (row := self._seek(key[1], near)) is not None:
            return row, near
        group = self._search(key[0] + _AFTER)
        row = self._seek(key[1], group)
        return row, near if row is None else group

    def get_many(self, keys: Sequence[SearchKey]) -> list[bytes | None]:
        """What `get` gives for each key."""
        groups = self._search_many(keys)
        if not groups or not self.rows:
            return [None] * len(keys)
        first = np.maximum(groups, 0)  # what sorts before all is not in the first group
        offsets, checksums = np.asarray(self._offsets), np.asarray(self._checksums)
        ends = (values.tolist() for values in (offsets[first], offsets[first + 1]))
        sums = (values.tolist() for values in (checksums[first], checksums[first + 1]))
        if (offsets[first + 1] <= offsets[first]).any():  # an empty group would keep any checksum
            raise _damaged(self.path, "where its groups end")
        mapped, checksum, line, found = self._map, crc32, _LINE, list[bytes | None]()
        for (_, opening), start, stop, before, after in zip(keys, *ends, *sums, strict=True):
            content = mapped[start:stop]
            if checksum(content, before) != after:
                raise _damaged(self.path, f"the group at byte {start}")
            at = content.rfind(opening)
            if at < 0:
                found.append(None)
            else:
                end = content.find(line, at + 1)
                found.append(content[at + 1 : end - 1 if end > 0 else -1])
        return found

    def find(self, key: SearchKey) -> range:
        """The rows under the search key of a leading part (one row for a whole key); all rows for
        an empty one.
        """
        search, opening = key
        if not search or not self.rows:
            return range(self.rows)
        low, high = (max(self._search(bound), 0) for bound in (search, search + _AFTER))
        first, last = self._groups.load(low, low + 1), self._groups.load(high, high + 1)
        start, stop = first.find(opening), last.rfind(opening)
        if stop < 0:
            return range(0)
        start = self._numbers[low] + first.count(_ROW, 0, start if start >= 0 else len(first))
        return range(start, self._numbers[high] + last.count(_ROW, 0, stop) + 1)

    def read(self, numbers: range) -> bytes:
        """Consecutive rows."""
        if not numbers:
            return b""
        first, last = (
            bisect_right(self._numbers, numbers.start) - 1,
            bisect_left(self._numbers, numbers.stop),
        )
        rows = self._groups.load(first, last)[:-1].split(_LINE)
        start = 1 + numbers.start - self._numbers[first]
        return _LINE.join(rows[start : start + len(numbers)]).removesuffix(b",")

    def read_few(self, key: SearchKey) -> tuple[int, bytes] | None:
        """All rows under all but the last part of a key, and how many; None where they may be in
        several groups.
        """
        search, opening = key
        if not self.rows or search.count(b"\0") != self.header.parts - 1:
            return None
        low, high = self._search(search), self._search(search + _AFTER)
        # none, or so many that they begin a group and go on in the next
        if high < 0 or high > low + 1:
            return None
        content = self._groups.load(high, high + 1)
        # they begin and end the group
        if high > low and content.startswith(opening, content.rfind(_LINE)):
            return self._numbers[high + 1] - self._numbers[high], content[1:-1]
        at, last = content.find(opening), content.rfind(opening)
        end = content.find(_LINE, last + 1)
        rows = content[at + 1 : end - 1 if end > 0 else -1] if at >= 0 else b""
        return content.count(opening), rows

    @cached_property
    def _numbers(self) -> memoryview:
        """How many rows stand before each group, and all."""
        header = self.header
        content = self._map[header.numbers_at : header.numbers_at + 4 * (header.groups.count + 1)]
        if crc32(content) != header.numbers_crc:
            raise _damaged(self.path, "how many rows the groups have")
        return memoryview(content).cast("I")

    def _seek(self, opening: bytes, group: int) -> bytes | None:
        """The row that begins so, if it is in this group."""
        if group < 0:
            return None
        offsets, checksums = self._offsets, self._checksums
        # as `Pieces.load`, without a call
        content: bytes = self._map[offsets[group] : offsets[group + 1]]
        if crc32(content, checksums[group]) != checksums[group + 1] or not content:
            raise self._groups.damaged(group)
        if (at := content.rfind(opening)) < 0:
            return None
        end = content.find(_LINE, at + 1)
        return content[at + 1 : end - 1 if end > 0 else -1]

    def _search(self, bound: bytes) -> int:
        """The last group whose first row sorts before a bound, or −1."""
        held = self._held
        if held is None and (held := self._count_search()) is None:
            return self._search_mapped(bound)
        at = bisect_left(held, bound) - 2
        if self._all_held or at < 0:
            return at
        return at * self.header.block + bisect_left(self._keys(at), bound) - 2

    def _search_mapped(self, bound: bytes) -> int:
        """The same without keys in memory: what leads to a block is not checked, but that it is the
        right one.
        """
        blocks, offsets, content, length = (
            self._blocks,
            self._blocks.offsets,
            self._map,
            len(bound) + 1,
        )
        if not blocks.count:
            return -1

        def first(block: int) -> bytes:
            at = offsets[block]
            return content[at + 1 : at + length]

        block = max(bisect_left(range(blocks.count), bound, key=first) - 1, 0)
        keys = self._keys(block)
        at = bisect_left(keys, bound) - 2
        if at < 0:
            misled = block > 0
        else:
            misled = (
                at + 2 == len(keys)
                and block + 1 < blocks.count
                and self._keys(block + 1)[1] < bound
            )
        if misled:
            raise blocks.damaged(block)
        return block * self.header.block + at

    def _search_many(self, keys: Sequence[SearchKey]) -> list[int]:
        """For each key the group that its row is in if there is one."""
        searches, array = [search for search, _ in keys], self._sorted
        if array is None or len(max(searches, key=len, default=b"")) > array.itemsize:
            return [self._search(search + _AFTER) for search in searches]
        return (array.searchsorted(np.array(searches, array.dtype), "right") - 1).tolist()

    def _keys(self, block: int) -> list[bytes]:
        """One that sorts before all, and the search keys of the first rows of a block's groups."""
        return self._blocks.load(block, block + 1).split(_BEFORE)

    def _count_search(self) -> list[bytes] | None:
        """The keys to hold, once there were enough searches to be worth reading them; before that a
        search is slow.
        """
        self._searches += 1
        if self._searches * SEARCHES_WORTH < (
            self._groups.count if self._all_held else self._blocks.count
        ):
            return None
        self._held = held = self._read_keys()
        _holders.append(weakref.ref(self))
        if len(_holders) > HOLDERS:
            oldest = _holders.popleft()()
            if oldest is not None and oldest is not self:
                oldest._held, oldest._sorted, oldest._searches = None, None, 0
        return held

    def _read_keys(self) -> list[bytes]:
        """The keys to hold; checked."""
        blocks = self._blocks
        content, at = blocks.load(0, blocks.count), blocks.offsets[0]
        if not self._all_held:
            starts = [start - at + 1 for start in blocks.offsets[:-1]]
            ends = (content.find(_BEFORE, start) for start in starts)
            return [
                b"",
                *(content[a : b if b > 0 else None] for a, b in zip(starts, ends, strict=True)),
            ]
        held = content.split(_BEFORE)
        width = max(map(len, held))
        self._sorted = np.array(held[1:], f"S{width}") if 0 < width <= WIDEST else None
        return held

    def _read_header(self, snapshot_id: str, size: int) -> Header:
        try:
            magic, length, checksum = _PREFIX.unpack_from(self._map)
            content = self._map[_PREFIX.size : _PREFIX.size + length]
            if magic != MAGIC or crc32(content) != checksum:
                raise ValueError
            header = msgspec.json.decode(content, type=Header)
        except (struct.error, ValueError):
            raise _damaged(self.path, "header") from None
        if header.snapshot_id != snapshot_id or header.size != size:
            raise _damaged(self.path, "header")
        return header


def _damaged(path: str | Path, what: str) -> CorruptError:
    return CorruptError("lookup_damaged", f"{path}: {what} does not match its checksum")


def build(frame: pl.DataFrame, shape: Shape, snapshot_id: str, path: Path) -> None:
    """Write the read file of a snapshot's frame (sorted by key), at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with unfinished.open("wb") as file:
            _write(file, frame, shape, snapshot_id)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(file: BinaryIO, frame: pl.DataFrame, shape: Shape, snapshot_id: str) -> None:
    file.seek(ROWS_AT)  # the header's numbers are known only at the end
    starts = _group_starts(frame, shape.key_names)
    groups = _write_pieces(file, _encoded(frame, shape, starts))
    numbers = np.append(starts, frame.height).astype("<u4")
    numbers_at = _write_array(file, numbers)
    content, offsets = _first_keys(frame, shape.key_names, starts)
    block, all_held = _block(offsets)
    blocks = _write_pieces(file, [(content.data, np.append(offsets[:-1:block], offsets[-1]))])
    header = Header(
        *(
            snapshot_id,
            frame.height,
            len(shape.key),
            file.tell(),
            groups,
            numbers_at,
            crc32(numbers.data),
        ),
        *(blocks, block, all_held),
    )
    encoded = msgspec.json.encode(header)
    assert _PREFIX.size + len(encoded) <= ROWS_AT
    file.seek(0)
    file.write(_PREFIX.pack(MAGIC, len(encoded), crc32(encoded)) + encoded)


def _group_starts(frame: pl.DataFrame, names: Sequence[str]) -> Array:
    """The number of the first row of each group.

    A run, the rows that share all but the last part of the key, is cut into groups of its own where
    it is long. Of the other runs those make a group that begin in the same eight rows.
    """
    if len(names) == 1 or not frame.height:
        return np.arange(0, frame.height, GROUP)
    changes = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).shift()) for name in names[:-1]
    )
    runs = frame.select(changes).to_series().arg_true().to_numpy().astype(np.int64)
    lengths = np.diff(runs, append=frame.height)
    long = lengths > 2 * GROUP
    counts = np.where(long, -(-lengths // GROUP), 1)
    within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    starts = np.repeat(runs, counts) + within * GROUP
    kept = np.repeat(long, counts)
    kept[0] = True
    kept[1:] |= np.diff(starts // GROUP) > 0
    return starts[kept]


def _encoded(
    frame: pl.DataFrame, shape: Shape, starts: Array
) -> Iterator[tuple[memoryview, Array]]:
    """What `_encode` gives for each chunk, in order; some are encoded while others are written, to
    bound memory.
    """
    cuts = np.unique(
        np.append(np.searchsorted(starts, np.arange(0, frame.height, CHUNK)), len(starts))
    )
    with ThreadPoolExecutor(ENCODERS) as threads:
        ahead: deque[Future[tuple[memoryview, Array]]] = deque()
        for low, high in pairwise(cuts.tolist()):
            start, stop = (
                int(starts[low]),
                int(starts[high]) if high < len(starts) else frame.height,
            )
            ahead.append(
                threads.submit(
                    _encode, frame.slice(start, stop - start), shape, starts[low:high] - start
                )
            )
            if len(ahead) > ENCODERS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _encode(chunk: pl.DataFrame, shape: Shape, starts: Array) -> tuple[memoryview, Array]:
    """The bytes of some rows, and where in them each group begins and the last ends."""
    pieces = ["\n", *json_pieces(chunk, [*shape.key_names, *shape.column_names]), ","]
    content, offsets = _texts(chunk, pieces)
    return content, np.append(offsets[starts], offsets[-1])


def _first_keys(frame: pl.DataFrame, names: Sequence[str], starts: Array) -> tuple[Array, Array]:
    """The search keys of the first rows of all groups, a byte before each, and where each begins
    and the last ends.
    """
    rows = frame.select(names)[starts]
    content, offsets = _texts(rows, search_pieces(rows, names))
    keys = np.insert(np.frombuffer(content, np.uint8), offsets[:-1], _BEFORE[0])
    return keys, offsets + np.arange(len(offsets))


def _block(offsets: Array) -> tuple[int, bool]:
    """How many groups make a block, and whether the keys of all groups are few enough to be held."""
    groups, lengths, block = len(offsets) - 1, np.diff(offsets), BLOCK
    while -(-groups // block) > HELD_KEYS or lengths[::block].sum() > HELD_BYTES:
        block *= 2
    return block, groups <= HELD_KEYS and int(offsets[-1]) <= HELD_BYTES


def _texts(frame: pl.DataFrame, pieces: Sequence[Piece]) -> tuple[memoryview, Array]:
    """The pieces of all rows one after the other, and where in them each row begins and the last
    ends.
    """
    texts = frame.select(joined(pieces)).to_series().rechunk()
    array: Any = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, "<i8", len(texts) + 1, array.offset * 8)
    return memoryview(data or b"")[offsets[0] : offsets[-1]], offsets - offsets[0]


def _write_pieces(file: BinaryIO, parts: Iterable[tuple[memoryview, Array]]) -> Table:
    """Write pieces, given as contents and where in them each begins and the last ends, and their
    table.
    """
    offsets, checksums, end = [np.empty(0, "<u8")], [np.zeros(1, "<u4")], file.tell()
    for content, bounds in parts:
        file.write(content)
        checksum, ends = int(checksums[-1][-1]), pairwise(bounds.tolist())
        checksums.append(
            np.array([checksum := crc32(content[a:b], checksum) for a, b in ends], "<u4")
        )
        offsets.append(bounds[:-1] + end)
        end += len(content)
    starts = np.append(np.concatenate(offsets), end).astype("<u8")
    return Table(
        len(starts) - 1, _write_array(file, starts), _write_array(file, np.concatenate(checksums))
    )


def _write_array(file: BinaryIO, values: Array) -> int:
    """Write an array at the next multiple of 8 and say where that is."""
    file.write(b"\0" * (-file.tell() % 8))
    at = file.tell()
    file.write(values.data)
    return at
