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

    def places(self, ascending: _Array) -> _Array:
        """For each how many of some search keys, an `array_of` them, sort before it or are it."""
        # cut to the width of what it is compared with, a key sorts beside that as it does whole
        return ascending.searchsorted(self._array.astype(ascending.dtype), "right")

    def take(self, numbers: _Array) -> SearchKeys:
        """Some of them, by number."""
        searches, openings, chosen = self.searches, self.openings, numbers.tolist()
        taken = SearchKeys([searches[n] for n in chosen], [openings[n] for n in chosen])
        taken._array = self._array[numbers]
        return taken


def array_of(searches: Sequence[bytes]) -> _Array | None:
    """Search keys to be searched among all at once; None where one is too long for that."""
    width = max(map(len, searches), default=0)
    return np.array(searches, f"S{width}") if 0 < width <= WIDEST else None
