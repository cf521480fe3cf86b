"""Reading a read file: rows by key, by number, by the leading part of a key."""

from bisect import bisect_left, bisect_right
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from estimates.keys.search_key import SearchKey
from estimates.keys.search_keys import SearchKeys
from estimates.lookup.checksum import crc32
from estimates.lookup.group_search import GroupSearch
from estimates.lookup.mapped_file import map_file, map_pages
from estimates.lookup.read_file_layout import (
    AFTER,
    LINE,
    ROW,
    Array,
    Header,
    Pieces,
    damaged,
    decode_header,
)

_CHECKED = 10_000  # pieces that are in memory while all are checked


class ReadFile:
    """An open read file. Threads may share it; it is unmapped when the last reference goes.

    Keys are as `KeyForm.search` gives them; rows are JSON, several of them with a comma and a line
    feed between them.
    Raises CorruptError (`lookup_damaged`) from any method when what it touches does not match its
    checksum.
    """

    def __init__(self, path: str | Path, digest: str) -> None:
        content, size = map_file(path)
        self._take(path, content, decode_header(path, content, digest, size))

    def _take(self, path: str | Path, content: Any, header: Header) -> None:
        """Read from a content, of which slices are bytes."""
        self.path = path
        self._map = content
        self.header = header
        self.rows = header.rows
        self._groups = Pieces(path, content, header.groups, "group")
        self._offsets, self._checksums = self._groups.offsets, self._groups.checksums
        self._blocks = Pieces(path, content, header.blocks, "block")
        self._search = GroupSearch(content, self._blocks, header)

    def map_pages(self) -> None:
        """Make ready for many lookups all over the file; takes about a tenth of a second a
        gigabyte.
        """
        map_pages(self._map)

    def content(self) -> bytes:
        """The bytes of the file, also where it was removed since it was opened."""
        return self._map[: self.header.size]

    def check(self) -> None:
        """Compare all that is stored with its checksums."""
        for pieces in (self._groups, self._blocks):
            for first in range(0, pieces.count, _CHECKED):
                pieces.load(first, min(first + _CHECKED, pieces.count))
        len(self._numbers)

    def get(self, key: SearchKey) -> bytes | None:
        """The row of a whole key; None when there is no such row."""
        return self._seek(key[1], self._search.find(key[0] + AFTER))

    def group_of(self, key: SearchKey) -> int:
        """The group that the row of a whole key is in if there is one, or −1."""
        return self._search.find(key[0] + AFTER)

    def get_near(self, key: SearchKey, near: int) -> tuple[bytes | None, int]:
        """What `get` gives, and the group of its row; looked for first in the group `near`.

        Files that mostly have the same keys have a key in the same group.
        """
        if 0 <= near < self._groups.count and (row := self._seek(key[1], near)) is not None:
            return row, near
        group = self.group_of(key)
        row = self._seek(key[1], group)
        return row, near if row is None else group

    def get_many(self, keys: SearchKeys) -> list[bytes | None]:
        """What `get` gives for each key."""
        rows: list[bytes | None] = [None] * len(keys)
        self.put_rows(keys, keys.numbers, rows)
        return rows

    def put_rows(self, keys: SearchKeys, numbers: Array, rows: list[bytes | None]) -> None:
        """Put the rows of some keys, by number, into a list of the rows of all."""
        if not self.rows or not numbers.size:
            return
        # what sorts before all is not in the first group
        first = np.maximum(self._search.find_many(keys, numbers), 0)
        offsets, checksums = np.asarray(self._offsets), np.asarray(self._checksums)
        starts, stops = offsets[first], offsets[first + 1]
        if (stops <= starts).any():  # an empty group would keep any checksum
            raise damaged(self.path, "where its groups end")
        columns = (numbers, starts, stops, checksums[first], checksums[first + 1])
        mapped, checksum, line, openings = self._map, crc32, LINE, keys.openings
        content, at_hand = b"", -1
        for number, start, stop, before, after in zip(*(c.tolist() for c in columns), strict=True):
            if start != at_hand:  # keys that follow each other are often in one group
                content, at_hand = mapped[start:stop], start
                if checksum(content, before) != after:
                    raise damaged(self.path, f"the group at byte {start}")
            at = content.rfind(openings[number])
            if at >= 0:
                end = content.find(line, at + 1)
                rows[number] = content[at + 1 : end - 1 if end > 0 else -1]

    def find(self, key: SearchKey) -> range:
        """The rows under the search key of a leading part (one row for a whole key); all rows for
        an empty one.
        """
        search, opening = key
        if not search or not self.rows:
            return range(self.rows)
        low = max(self._search.find(search), 0)
        high = max(self._search.find(search + AFTER), 0)
        first, last = self._groups.load(low, low + 1), self._groups.load(high, high + 1)
        start, stop = first.find(opening), last.rfind(opening)
        if stop < 0:
            return range(0)
        start = self._numbers[low] + first.count(ROW, 0, start if start >= 0 else len(first))
        return range(start, self._numbers[high] + last.count(ROW, 0, stop) + 1)

    def read(self, numbers: range) -> bytes:
        """Consecutive rows."""
        if not numbers:
            return b""
        first = bisect_right(self._numbers, numbers.start) - 1
        last = bisect_left(self._numbers, numbers.stop)
        rows = self._groups.load(first, last)[:-1].split(LINE)
        start = 1 + numbers.start - self._numbers[first]
        return LINE.join(rows[start : start + len(numbers)]).removesuffix(b",")

    def read_few(self, key: SearchKey) -> tuple[int, bytes] | None:
        """All rows under all but the last part of a key, and how many; None where they may be in
        several groups.
        """
        search, opening = key
        if not self.rows or search.count(b"\0") != self.header.parts - 1:
            return None
        low = max(self._search.find(search), -1)  # of a key of one part all rows are meant
        high = self._search.find_next(search + AFTER, low)
        # none, or so many that they begin a group and go on in the next
        if high < 0 or high > low + 1:
            return None
        content = self._groups.load(high, high + 1)
        # they begin and end the group
        if high > low and content.startswith(opening, content.rfind(LINE)):
            return self._numbers[high + 1] - self._numbers[high], content[1:-1]
        at, last = content.find(opening), content.rfind(opening)
        end = content.find(LINE, last + 1)
        rows = content[at + 1 : end - 1 if end > 0 else -1] if at >= 0 else b""
        return content.count(opening), rows

    @cached_property
    def _numbers(self) -> memoryview:
        """How many rows stand before each group, and all."""
        header = self.header
        content = self._map[header.numbers_at : header.numbers_at + 4 * (header.groups.count + 1)]
        if crc32(content) != header.numbers_crc:
            raise damaged(self.path, "how many rows the groups have")
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
        end = content.find(LINE, at + 1)
        return content[at + 1 : end - 1 if end > 0 else -1]
