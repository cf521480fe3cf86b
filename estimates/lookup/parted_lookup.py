"""A version of several parts, read as if it were one read file: by key it is known which part to
open.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np

from estimates.errors import CorruptError
from estimates.keys.search_key import SearchKey
from estimates.keys.search_keys import SearchKeys, array_of
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_layout import AFTER, Array

_NEXT = b",\n"  # between the rows of two parts, as between those of one
T = TypeVar("T")


class WouldBlock(Exception):  # noqa: N818 (no error: a reason to ask elsewhere)
    """An answer that takes a file to be opened, made or repaired first."""


class Lookup(Protocol):
    """What answers by key for a version; `ReadFile` says what the methods give."""

    def map_pages(self) -> None:
        """Make ready for many lookups."""

    def get(self, key: SearchKey) -> bytes | None:
        """The row of a whole key."""
        ...

    def get_many(self, keys: SearchKeys) -> list[bytes | None]:
        """What `get` gives for each key."""
        ...

    def find(self, key: SearchKey) -> range:
        """The rows under a leading part of the key."""
        ...

    def read(self, numbers: range) -> bytes:
        """Consecutive rows."""
        ...

    def read_few(self, key: SearchKey) -> tuple[int, bytes] | None:
        """All rows under all but the last part of a key, and how many."""
        ...


class PartedLookup:
    """Reads a version part by part; opens those it is asked for.

    firsts     the search keys of the parts' first rows
    starts     the number of each part's first row, and the number of all rows
    open_part  the read file of the part of a number
    discard    forget a damaged one, so that it is made again
    ready      the read files of those parts that are on this machine
    Raises CorruptError from any method when what it touches is damaged and cannot be made again.
    """

    def __init__(
        self,
        firsts: Sequence[bytes],
        starts: Sequence[int],
        open_part: Callable[[int], ReadFile],
        discard: Callable[[int], object],
        ready: Callable[[], Sequence[ReadFile]],
    ) -> None:
        self._firsts = firsts
        self._starts = starts
        self._open = open_part
        self._discard = discard
        self._ready = ready

    def map_pages(self) -> None:
        """Make ready for many lookups, as far as the files are on this machine."""
        for file in self._ready():
            file.map_pages()

    def get(self, key: SearchKey) -> bytes | None:
        """The row of a whole key; None when there is no such row."""
        part = bisect_right(self._firsts, key[0]) - 1
        if part < 0:
            return None
        try:  # as `_of`, without two calls
            return self._open(part).get(key)
        except CorruptError:
            return self._of(part, lambda file: file.get(key))

    def get_many(self, keys: SearchKeys) -> list[bytes | None]:
        """What `get` gives for each key."""
        parts = self._parts_of(keys)
        rows: list[bytes | None] = [None] * len(keys)
        for part in np.unique(parts[parts >= 0]).tolist():
            numbers = np.flatnonzero(parts == part)
            self._of(part, lambda file, numbers=numbers: file.put_rows(keys, numbers, rows))
        return rows

    def _parts_of(self, keys: SearchKeys) -> Array:
        """For each key the part that its row is in if there is one, or −1."""
        if (firsts := self._first_keys) is not None:
            return keys.places(firsts, keys.numbers) - 1
        return np.array([bisect_right(self._firsts, search) - 1 for search in keys.searches])

    @cached_property
    def _first_keys(self) -> Array | None:
        return array_of(self._firsts)

    def find(self, key: SearchKey) -> range:
        """The rows under the search key of a leading part (one row for a whole key); all rows for
        an empty one.
        """
        if not key[0]:
            return range(self._starts[-1])
        low, high = self._parts_under(key)
        if high < 0:
            return range(0)
        first = self._of(low, lambda file: file.find(key))
        last = range(0)
        while high > low and not (last := self._of(high, lambda file: file.find(key))):
            high -= 1  # the first row of that part was erased
        last = last or first
        # the rows may begin with a part
        start = self._starts[low] + first.start if first else self._starts[low + 1]
        return range(start, self._starts[high] + last.stop) if last else range(0)

    def read(self, numbers: range) -> bytes:
        """Consecutive rows."""
        rows: list[bytes] = []
        part = bisect_right(self._starts, numbers.start) - 1
        while numbers and self._starts[part] < numbers.stop:
            start, stop = self._starts[part], self._starts[part + 1]
            within = range(max(numbers.start, start) - start, min(numbers.stop, stop) - start)
            rows.append(self._of(part, lambda file, within=within: file.read(within)))
            part += 1
            if part + 1 == len(self._starts):
                break
        return _NEXT.join(rows)

    def read_few(self, key: SearchKey) -> tuple[int, bytes] | None:
        """All rows under all but the last part of a key, and how many; None where they may be in
        several groups, or parts.
        """
        low, high = self._parts_under(key)
        if low != high:
            return None
        try:  # as `_of`, without two calls
            return self._open(low).read_few(key)
        except CorruptError:
            return self._of(low, lambda file: file.read_few(key))

    def _parts_under(self, key: SearchKey) -> tuple[int, int]:
        """The first and the last part that may have rows under a leading part of the key; −1 as the
        last where none has.
        """
        low = bisect_left(self._firsts, key[0]) - 1
        return max(low, 0), bisect_left(self._firsts, key[0] + AFTER) - 1

    def _of(self, part: int, read: Callable[[ReadFile], T]) -> T:
        try:
            return read(self._open(part))
        except CorruptError as error:
            if error.code != "lookup_damaged":
                raise
            self._discard(part)
            return read(self._open(part))
