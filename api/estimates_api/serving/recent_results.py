"""The last results of long computations: made once however many ask, cached for who asks again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import RLock
from typing import Any, TypeVar

import polars as pl
from cachetools import LRUCache

T = TypeVar("T")
_THREADS = 4
_MAX_RESULTS = 1000


class RecentResults:
    """Frames and bytes by name; the least recently used ones go first. Made in a few threads.

    limit_bytes  of all results together; the newest one is kept whatever its size
    """

    def __init__(self, limit_bytes: int) -> None:
        def cost(result: Any) -> float:
            return min(max(_size(result), limit_bytes / _MAX_RESULTS), limit_bytes)

        self._results: LRUCache[Hashable, Any] = LRUCache(limit_bytes, cost)
        self._running: dict[Hashable, Future[Any]] = {}
        self._lock = RLock()  # what is done at once is stored while it is begun
        self._pool = ThreadPoolExecutor(_THREADS, "maker")

    async def within(self, seconds: float, name: Hashable, make: Callable[[], T]) -> T | None:
        """The result of this name; None when it is not there in time, and is still being made.

        Who asks while it is being made waits for it. An error is raised to those who wait, or to
        who asks next, and then forgotten.
        """
        with self._lock:
            if name in self._results:
                return self._results[name]
            future = self._running.get(name)
            if future is None:
                future = self._running[name] = self._pool.submit(make)
                future.add_done_callback(lambda done: self._store(name, done))
        waiter = asyncio.wrap_future(future)
        waiter.add_done_callback(_mark_retrieved)
        await asyncio.wait({waiter}, timeout=seconds)
        if not future.done():
            return None
        if future.exception() is not None:
            with self._lock:
                if self._running.get(name) is future:
                    del self._running[name]
        return future.result()

    def close(self) -> None:
        """Begin nothing new."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _store(self, name: Hashable, future: Future[Any]) -> None:
        if not future.cancelled() and future.exception() is None:
            with self._lock:
                self._results[name] = future.result()
                del self._running[name]


def _mark_retrieved(done: asyncio.Future[Any]) -> None:
    """Keep asyncio from complaining of an error that comes when nobody waits any more."""
    if not done.cancelled():
        done.exception()


def _size(result: Any) -> int:
    return int(result.estimated_size()) if isinstance(result, pl.DataFrame) else len(result)
