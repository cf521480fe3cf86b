"""Bisection over the keys of a read file: which group a key is in.

After some searches a file's keys are taken into memory; before that they are read block by block.
"""

from __future__ import annotations

import sys
import weakref
from bisect import bisect_left
from collections import deque
from typing import Any

import numpy as np

from estimates.keys.search_keys import SearchKeys, array_of
from estimates.lookup.read_file_layout import AFTER, BEFORE, Array, Header, Pieces, is_mapped

KEYS_WORTH_A_SEARCH = 64  # to be taken into memory, for each search that was made without them
FILES_WITH_KEYS = 64  # that have their keys in memory at a time
_with_keys: deque[weakref.ref[GroupSearch]] = deque()


class GroupSearch:
    """Finds groups by search key, from any thread.

    complete  whether `keys` is of every group; else of the first one of every block
    keys      the keys in memory, before them one that sorts before all; None when not in memory
    Raises CorruptError (`lookup_damaged`) where what it touches does not match its checksum.
    """

    def __init__(self, content: Any, blocks: Pieces, header: Header) -> None:
        self.complete = header.all_in_memory
        self.keys: list[bytes] | None = None
        self._array: Array | None = None  # the same of every group, where they are short
        self._content = content
        self._blocks = blocks
        self._block = header.block
        self._worth = header.groups.count if self.complete else blocks.count
        if not is_mapped(content):  # keys of which only a few are fetched
            self._worth = sys.maxsize
        self._searches = 0

    def find(self, bound: bytes) -> int:
        """The last group whose first row sorts before a bound, or −1."""
        keys = self.keys or self._take_keys()
        if keys is None:
            return self._find_mapped(bound)
        at = bisect_left(keys, bound) - 2
        if self.complete or at < 0:
            return at
        return at * self._block + bisect_left(self._keys_of(at), bound) - 2

    def find_next(self, bound: bytes, group: int) -> int:
        """What `find` gives where that is this group or the one behind it; else a later group."""
        keys = self.keys
        if keys is None or not self.complete:
            return self.find(bound)
        start = group + 1
        return bisect_left(keys, bound, start, min(start + 3, len(keys))) - 2

    def find_many(self, keys: SearchKeys, numbers: Array) -> Array:
        """For each of some keys, by number, the group that its row is in if there is one, or −1."""
        if (array := self._array) is not None:
            return keys.places(array, numbers) - 1
        searches = keys.searches
        return np.array([self.find(searches[n] + AFTER) for n in numbers.tolist()], np.int64)

    def _find_mapped(self, bound: bytes) -> int:
        """The same without keys in memory.

        What leads to a block is not checked; it is checked that the block is the right one.
        """
        blocks, content, length = self._blocks, self._content, len(bound) + 1
        if not blocks.count:
            return -1

        def first_key(block: int) -> bytes:
            at = blocks.offsets[block]
            return content[at + 1 : at + length]

        block = max(bisect_left(range(blocks.count), bound, key=first_key) - 1, 0)
        keys = self._keys_of(block)
        at = bisect_left(keys, bound) - 2
        is_last = at + 2 == len(keys) and block + 1 < blocks.count
        misled = block > 0 if at < 0 else is_last and self._keys_of(block + 1)[1] < bound
        if misled:
            raise blocks.damaged(block)
        return block * self._block + at

    def _keys_of(self, block: int) -> list[bytes]:
        """One that sorts before all, and the search keys of the first rows of a block's groups."""
        return self._blocks.load(block, block + 1).split(BEFORE)

    def _take_keys(self) -> list[bytes] | None:
        """The keys, taken into memory once there were enough searches to be worth reading them."""
        self._searches += 1
        if self._searches * KEYS_WORTH_A_SEARCH < self._worth:
            return None
        self.keys = keys = self._read_keys()
        _with_keys.append(weakref.ref(self))
        if len(_with_keys) > FILES_WITH_KEYS:
            oldest = _with_keys.popleft()()
            if oldest is not None and oldest is not self:
                oldest._forget_keys()
        return keys

    def _forget_keys(self) -> None:
        self.keys = None
        self._array = None
        self._searches = 0

    def _read_keys(self) -> list[bytes]:
        """The keys to take into memory; checked."""
        blocks = self._blocks
        content = blocks.load(0, blocks.count)
        if not self.complete:
            starts = [start - blocks.offsets[0] + 1 for start in blocks.offsets[:-1]]
            ends = (content.find(BEFORE, start) for start in starts)
            firsts = (content[a : b if b > 0 else None] for a, b in zip(starts, ends, strict=True))
            return [b"", *firsts]
        keys = content.split(BEFORE)
        self._array = array_of(keys[1:])
        return keys
