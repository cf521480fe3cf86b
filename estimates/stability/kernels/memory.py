"""Memory of long columns that is used again.

What is freed and asked for again the kernel hands out page by page, each of them cleared, and a
virtual machine may have to ask its host for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import Lock
from typing import Any
from weakref import ref

import numpy as np
from numpy.typing import DTypeLike, NDArray

_PIECE = 31 << 20  # bytes up to which the C library keeps what was freed


class _Memory:
    """Pieces of memory; one is free as soon as no array lies in it any more."""

    def __init__(self) -> None:
        self._pieces: list[tuple[NDArray[np.uint8], ref[Any]]] = []
        self._lock = Lock()

    def empty(self, size: int) -> NDArray[np.uint8]:
        """So many bytes, of a free piece that is less than twice as long, or of a new one."""
        with self._lock:
            place = self._place_of_free(size)
            piece = np.empty(size, dtype=np.uint8) if place is None else self._pieces[place][0]
            column = np.frombuffer(piece.data, dtype=np.uint8, count=size)
            # each array that lies in the piece keeps this view of it, and nothing else does
            use = piece, ref(column.base)
            if place is None:
                self._pieces.append(use)
            else:
                self._pieces[place] = use
        return column

    def _place_of_free(self, size: int) -> int | None:
        for place, (piece, view) in enumerate(self._pieces):
            if size <= len(piece) < 2 * size and view() is None:
                return place
        return None


_MEMORY: ContextVar[_Memory | None] = ContextVar("_MEMORY", default=None)


@contextmanager
def memory_used_again() -> Iterator[None]:
    """Long columns that are made within take the memory of those that are no longer needed."""
    token = _MEMORY.set(_Memory())
    try:
        yield
    finally:
        _MEMORY.reset(token)


def empty_column(rows: int, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """A column whose values are still to be written."""
    memory, size = _MEMORY.get(), rows * np.dtype(dtype).itemsize
    if memory is None or size <= _PIECE:
        return np.empty(rows, dtype=dtype)
    return memory.empty(size).view(dtype)


@cache
def keep_freed_memory() -> None:
    """Let glibc keep up to 62 MB a thread of freed memory for the next column; the kernel would
    clear each page anew.

    It gives back what exceeds twice the largest piece freed so far, and takes no piece over 32 MB
    for a measure. This one is never written to, so it costs nothing. With another C library nothing
    happens.
    """
    np.empty(_PIECE, dtype=np.uint8)
