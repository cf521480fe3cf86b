"""Work that goes on in the background while something else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def in_background(
    *work: Coroutine[Any, Any, Any],
) -> AsyncGenerator[list[asyncio.Task[Any]], None]:
    """Run coroutines while the block does; gives their tasks, in order. At its end those that still
    run are cancelled, and waited for; what they raise is nobody's.
    """
    tasks = [asyncio.create_task(part) for part in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
