"""An answer that is sent chunk by chunk and never whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from litestar.types import Receive, Scope, Send

from estimates_api.http.representation import NOSNIFF, Header
from estimates_api.serving.threads import in_thread

STALLED_S = 60.0  # a client that reads nothing for so long is given up


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
        """Send the answer; the answer to HEAD makes no chunk."""
        await send(
            {"type": "http.response.start", "status": self.status, "headers": [*self.head, NOSNIFF]}
        )
        if not scope.get("head"):
            leaving = asyncio.create_task(disconnected(receive))
            try:
                while (
                    not leaving.done()
                    and (chunk := await in_thread(next, self.chunks, None)) is not None
                ):
                    async with asyncio.timeout(STALLED_S):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
            finally:
                leaving.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def disconnected(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
