"""The last results of long computations: made once however many ask, cached for who asks again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import RLock
from typing import Any, TypeVar

from cachetools import LRUCache

from estimates.errors import UnavailableError

T = TypeVar("T")
_THREADS = 4
_MAX_RESULTS = 1000
# Computations under way, queued ones too, and those of one client.
MAX_UNDER_WAY = 64
MAX_OF_CLIENT = 32
# A computation that nobody waits for and that was not asked for again for so long is given up; who
# was answered with 202 asks again after a second.
WANTED_S = 10.0


class _Computation:
    """A result that is being made, or waits for its turn.

    waiting   requests that wait for it now
    asked_at  when it was asked for last, or the last of them went
    """

    def __init__(self, client: str, make: Callable[[], Any]) -> None:
        self.client = client
        self.make = make
        self.future: Future[Any] = Future()
        self.waiting = 0
        self.asked_at = time.monotonic()

    @property
    def is_wanted(self) -> bool:
        return self.waiting > 0 or time.monotonic() - self.asked_at < WANTED_S


class RecentResults:
    """Frames, leading rows and bytes by name; the least recently used ones go first. Made in a few
    threads, for each client in turn.

    limit_bytes  of all results together; the newest one is kept whatever its size
    """

    def __init__(self, limit_bytes: int) -> None:
        def cost(result: Any) -> float:
            return min(max(_size(result), limit_bytes / _MAX_RESULTS), limit_bytes)

        self._results: LRUCache[Hashable, Any] = LRUCache(limit_bytes, cost)
        self._running: dict[Hashable, _Computation] = {}
        self._queues: OrderedDict[str, deque[Hashable]] = OrderedDict()
        self._lock = RLock()  # what is done at once is stored while it is begun
        self._pool = ThreadPoolExecutor(_THREADS, "maker")
        self._current = threading.local()

    async def within(
        self, seconds: float, name: Hashable, make: Callable[[], T], client: str = ""
    ) -> T | None:
        """The result of this name; None when it is not there in time, and is still being made.

        Who asks while it is being made waits for it. An error is raised to those who wait, or to
        who asks next, and then forgotten. What nobody asks for any more is given up.
        Raises UnavailableError (`too_many_reports`) where as many are under way as may be.
        """
        with self._lock:
            if name in self._results:
                return self._results[name]
            computation = self._running.get(name) or self._begin(name, make, client)
            computation.waiting += 1
        future = computation.future
        waiter = asyncio.wrap_future(future)
        waiter.add_done_callback(_mark_retrieved)
        try:
            await asyncio.wait({waiter}, timeout=seconds)
        finally:
            computation.waiting -= 1
            computation.asked_at = time.monotonic()
        if not future.done():
            return None
        if future.exception() is not None:
            with self._lock:
                if self._running.get(name) is computation:
                    del self._running[name]
        return future.result()

    @property
    def is_wanted(self) -> bool:
        """Whether anybody waits for what this thread makes; asked by what makes it."""
        computation = getattr(self._current, "computation", None)
        return computation is None or computation.is_wanted

    def close(self) -> None:
        """Begin nothing new."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, name: Hashable, make: Callable[[], Any], client: str) -> _Computation:
        self._drop_unwanted()
        under_way = [c.client for c in self._running.values() if not c.future.done()]
        if len(under_way) >= MAX_UNDER_WAY or under_way.count(client) >= MAX_OF_CLIENT:
            raise UnavailableError(
                "too_many_reports",
                f"{len(under_way)} reports are being computed",
                remedy="ask again once those you asked for are there",
            )
        computation = self._running[name] = _Computation(client, make)
        self._queues.setdefault(client, deque()).append(name)
        self._pool.submit(self._make_next)
        return computation

    def _drop_unwanted(self) -> None:
        """Forget what waits for its turn, or failed, and nobody asks for."""
        for name, computation in list(self._running.items()):
            if not computation.is_wanted and (
                computation.future.done() or computation.future.cancel()
            ):
                del self._running[name]

    def _next(self) -> tuple[Hashable, _Computation] | None:
        while self._queues:
            client, names = self._queues.popitem(last=False)
            name = names.popleft()
            if names:
                self._queues[client] = names  # behind all others
            computation = self._running.get(name)
            if computation and computation.future.set_running_or_notify_cancel():
                return name, computation
        return None

    def _make_next(self) -> None:
        """Make the oldest result of the client whose turn it is."""
        with self._lock:
            self._drop_unwanted()
            chosen = self._next()
        if chosen is None:
            return
        name, computation = chosen
        self._current.computation = computation
        try:
            result = computation.make()
        except BaseException as error:
            computation.future.set_exception(error)
            return
        finally:
            self._current.computation = None
        with self._lock:
            self._results[name] = result
            del self._running[name]
        computation.future.set_result(result)


def _mark_retrieved(done: asyncio.Future[Any]) -> None:
    """Keep asyncio from complaining of an error that comes when nobody waits any more."""
    if not done.cancelled():
        done.exception()


def _size(result: Any) -> int:
    return len(result) if isinstance(result, bytes) else int(result.estimated_size())
