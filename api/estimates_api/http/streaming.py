"""An answer that is sent chunk by chunk and never whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from litestar.types import Receive, Scope, Send

from estimates.errors import UnavailableError
from estimates_api.http.representation import NOSNIFF, Header
from estimates_api.serving.threads import in_thread

STALLED_S = 60.0  # a client that reads nothing for so long is given up
AT_ONCE = 64  # of a worker: a client that reads slowly keeps a chunk in memory
# What is sent at a time: granian keeps 16 that a client has not read.
_PIECE = 128 * 1024


class _Count:
    """How many answers are being sent."""

    under_way = 0


class ChunkedAnswer:
    """An ASGI app that sends chunks, each made in a thread when the one before was taken.

    It ends when the client leaves. An error ends the connection before the body is complete, so
    that no client takes the part for the whole.
    """

    def __init__(self, status: int, head: Sequence[Header], chunks: Iterator[bytes]) -> None:
        self.status = status
        self.head = head
        self.chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; the answer to HEAD makes no chunk.

        Raises UnavailableError (`overloaded`) where AT_ONCE are being sent.
        """
        if _Count.under_way >= AT_ONCE:
            raise UnavailableError(
                "overloaded", f"this worker sends {AT_ONCE} tables already", remedy="retry"
            )
        _Count.under_way += 1
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status,
                    "headers": [*self.head, NOSNIFF],
                }
            )
            if not scope.get("head"):
                await self._send_chunks(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            _Count.under_way -= 1

    async def _send_chunks(self, receive: Receive, send: Send) -> None:
        leaving = asyncio.create_task(disconnected(receive))
        try:
            while (
                not leaving.done()
                and (chunk := await in_thread(next, self.chunks, None)) is not None
            ):
                for start in range(0, len(chunk), _PIECE):
                    piece = chunk[start : start + _PIECE]
                    async with asyncio.timeout(STALLED_S):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            leaving.cancel()


async def disconnected(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
