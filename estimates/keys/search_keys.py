"""Many keys as they are looked for, column by column, and searched for all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from estimates.keys.search_key import SearchKey

WIDEST = 64  # bytes: among longer keys each is searched for by itself
_Array = np.ndarray[Any, Any]


class SearchKeys:
    """Many keys as they are looked for, in the order asked: their search keys, their openings."""

    def __init__(self, searches: list[bytes], openings: list[bytes]) -> None:
        self.searches = searches
        self.openings = openings

    @classmethod
    def of(cls, keys: Sequence[SearchKey]) -> SearchKeys:
        """Keys that were made one by one."""
        return cls([search for search, _ in keys], [opening for _, opening in keys])

    def __len__(self) -> int:
        return len(self.searches)

    def __iter__(self) -> Iterator[SearchKey]:
        return zip(self.searches, self.openings, strict=True)

    @cached_property
    def _array(self) -> _Array:
        return np.array(self.searches, f"S{WIDEST}")

    @property
    def numbers(self) -> _Array:
        """Which there are, counted from 0."""
        return np.arange(len(self.searches))

    def places(self, ascending: _Array, numbers: _Array) -> _Array:
        """For each of some, by number, how many of `ascending`, made by `array_of`, sort before it
        or are it.
        """
        # cut to the width of what it is compared with, a key sorts beside that as it does whole
        wanted = self._array[numbers].astype(ascending.dtype)
        return ascending.searchsorted(wanted, "right")

    def take(self, numbers: Sequence[int]) -> SearchKeys:
        """Some of them, by number."""
        searches, openings = self.searches, self.openings
        return SearchKeys([searches[n] for n in numbers], [openings[n] for n in numbers])


def array_of(searches: Sequence[bytes]) -> _Array | None:
    """Search keys to be searched among all at once; None where one is too long for that."""
    width = max(map(len, searches), default=0)
    return np.array(searches, f"S{width}") if 0 < width <= WIDEST else None
