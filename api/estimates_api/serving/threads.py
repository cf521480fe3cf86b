"""The threads that read files and SQL and write large bodies, apart from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# Apart from asyncio's own few threads: slow diffs must not keep the catalog from being followed.
_READERS = ThreadPoolExecutor(32, thread_name_prefix="reader")


async def in_thread(work: Callable[[], T]) -> T:
    """What some work gives that takes a while."""
    return await asyncio.get_running_loop().run_in_executor(_READERS, work)
