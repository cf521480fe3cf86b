"""The last few results of long computations: made once however many ask, kept for the next page."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock

import polars as pl


class Recent:
    """Frames by what was asked, the least recently used ones go first; usable from threads.

    limit_bytes  of all frames together; the newest one is kept whatever its size
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._found: OrderedDict[Hashable, Future[pl.DataFrame]] = OrderedDict()
        self._lock = Lock()

    def get(self, what: Hashable, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """The frame for this question; who asks while it is being made waits for it. An error is not kept."""
        with self._lock:
            found = self._found.get(what)
            mine = found is None
            if found is None:
                found = self._found[what] = Future()
            self._found.move_to_end(what)
        if mine:
            self._make(what, found, make)
        return found.result()

    def _make(self, what: Hashable, found: Future[pl.DataFrame], make: Callable[[], pl.DataFrame]) -> None:
        try:
            found.set_result(make())
        except BaseException as error:
            with self._lock:
                del self._found[what]
            found.set_exception(error)
            return
        with self._lock:
            sizes = {key: one.result().estimated_size() for key, one in self._found.items() if one.done()}
            while sum(sizes.values()) > self._limit_bytes and len(sizes) > 1:
                oldest = next(iter(sizes))
                del sizes[oldest], self._found[oldest]
