"""The last few results of long computations: made once however many ask, kept for who asks again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import RLock
from typing import Any, TypeVar

import polars as pl

T = TypeVar("T")
_THREADS = 4
_MOST = 1000  # results, small ones too


class Recent:
    """Frames and bytes by what was asked, the least recently used ones go first; made in a few
    threads of its own.

    limit_bytes  of all results together; the newest one is kept whatever its size
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._found: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = RLock()  # what is done at once is trimmed while it is begun
        self._pool = ThreadPoolExecutor(_THREADS, "maker")

    async def within(self, seconds: float, what: Hashable, make: Callable[[], T]) -> T | None:
        """The result for this question; None when it is not there in time, and is still being made.

        Who asks while it is being made waits for it. An error is told to whoever waits, or asks
        next, and not kept.
        """
        found = self._begin(what, make)
        waiter = asyncio.wrap_future(found)
        waiter.add_done_callback(_retrieved)
        await asyncio.wait({waiter}, timeout=seconds)
        if not found.done():
            return None
        if found.exception() is not None:
            with self._lock:
                if self._found.get(what) is found:
                    del self._found[what]
        return found.result()

    def close(self) -> None:
        """Begin nothing new."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, what: Hashable, make: Callable[[], T]) -> Future[T]:
        with self._lock:
            found = self._found.get(what)
            if found is None:
                found = self._found[what] = self._pool.submit(make)
                found.add_done_callback(lambda _: self._trim())
            self._found.move_to_end(what)
            return found

    def _trim(self) -> None:
        with self._lock:
            sizes = {what: _size(one) for what, one in self._found.items() if one.done()}
            while len(sizes) > 1 and (
                len(sizes) > _MOST or sum(sizes.values()) > self._limit_bytes
            ):
                oldest = next(iter(sizes))
                del sizes[oldest], self._found[oldest]


def _retrieved(done: asyncio.Future[Any]) -> None:
    """An error that comes when nobody waits any more is told later: asyncio need not complain."""
    if not done.cancelled():
        done.exception()


def _size(done: Future[Any]) -> int:
    if done.cancelled() or done.exception() is not None:
        return 0
    result = done.result()
    return int(result.estimated_size()) if isinstance(result, pl.DataFrame) else len(result)
