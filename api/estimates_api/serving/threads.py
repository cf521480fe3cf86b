"""Where handlers run: on the event loop, or in threads that read files and SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from estimates.errors import UnavailableError
from estimates.reading.reader import WouldBlock
from estimates_api.serving.follower import Follower, ReaderAt
from estimates_api.serving.storage_watch import STORAGE_CALLS

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 2 * STORAGE_CALLS  # half of them are left for what needs no storage
WAITING = 256  # requests that wait for a thread
# Not asyncio's own few threads: slow diffs must not keep the catalog from being followed.
_READERS = ThreadPoolExecutor(THREADS, thread_name_prefix="reader")


class _Count:
    """How many requests have a thread or wait for one."""

    under_way = 0


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of work that may block; raises UnavailableError (`overloaded`) where too many
    wait, and what the work raises.
    """
    if _Count.under_way >= THREADS + WAITING:
        raise UnavailableError(
            "overloaded", f"{WAITING} requests wait for a thread of this worker", remedy="retry"
        )
    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(_READERS, partial(work, *args, **kwargs))
    _Count.under_way += 1
    future.add_done_callback(_ended)
    return await future


def _ended(_future: asyncio.Future[T]) -> None:
    _Count.under_way -= 1


def off_loop(function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """A handler that may read files or SQL, run in a thread.

    Litestar's own `sync_to_thread=True` breaks when two handlers share a path (2.25 wraps the first
    one twice).
    """

    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_thread(function, *args, **kwargs)

    return run


async def nonblocking(
    follower: Follower, answer: Callable[[ReaderAt], T], *, large: bool = False
) -> T:
    """The answer from open files on the event loop; in a thread where it would block.

    large  it takes long in any case: always in a thread
    """
    if not large:
        try:
            return answer(follower.nonblocking)
        except WouldBlock:
            pass
    return await in_thread(answer, follower.at)
