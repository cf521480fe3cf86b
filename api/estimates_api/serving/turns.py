"""Turns on the event loop: long answers go one by one, and whatever is short goes between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from estimates.errors import UnavailableError

LONG_BYTES = 8 * 1024  # of a batch whose answer takes longer than a lookup's
WAITING = 256  # a second of the longest that are answered on the event loop


class Turns:
    """The long answers that wait for the event loop."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None, None]:
        """Wait for all that came before, and let what is short go first.

        Raises UnavailableError (`overloaded`) where too many wait.
        """
        if self._waiting >= WAITING:
            raise UnavailableError(
                "overloaded", f"{WAITING} batches wait for this worker", remedy="retry"
            )
        self._waiting += 1
        try:
            async with self._lock:
                await asyncio.sleep(0)  # inside: else all that wait would go in one pass
                yield
        finally:
            self._waiting -= 1
