"""Requests that wait are asked together: what a team does once one query a request is too slow."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from benchmarks.peers.app import Key, Rows


def gathered(rows: Rows) -> Rows:
    """The rows as they are, or gathered when the environment says so."""
    return GatheredRows(rows) if os.environ.get("PEER_GATHERED") else rows


class GatheredRows:
    """Rows of which one query at a time is under way; the keys that come meanwhile share the
    next.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.open, self.close = rows.open, rows.close
        self.waiting: list[tuple[Key, asyncio.Future[bytes | None]]] = []
        self.asking: asyncio.Task[None] | None = None

    async def single(self, key: Key) -> bytes | None:
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((key, future))
        if self.asking is None:
            self.asking = asyncio.create_task(self._ask())
        return await future

    async def many(self, keys: Sequence[Key]) -> list[bytes | None]:
        return await self.rows.many(keys)

    async def _ask(self) -> None:
        while self.waiting:
            requests = self.waiting.copy()
            self.waiting.clear()
            rows = await self.rows.many([key for key, _ in requests])
            for (_, future), estimate in zip(requests, rows, strict=True):
                if not future.done():
                    future.set_result(estimate)
        self.asking = None
