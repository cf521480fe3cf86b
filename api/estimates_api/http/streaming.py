"""An answer that is sent piece by piece and never whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

from litestar.types import Receive, Scope, Send

from estimates_api.http.event_stream import STALLED_S
from estimates_api.http.representation import Header
from estimates_api.serving.threads import in_thread


class Pieces:
    """An ASGI app that sends pieces, each made in a thread when the one before was taken.

    It ends when the client leaves. An error in a piece ends the connection before the body is
    complete, so that no client takes the part for the whole.
    """

    def __init__(self, status: int, head: Sequence[Header], pieces: Iterator[bytes]) -> None:
        self.status = status
        self.head = head
        self.pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; the answer to HEAD makes no piece."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.head})
        if not scope.get("head"):
            leaving = asyncio.create_task(_left(receive))
            try:
                while (
                    not leaving.done()
                    and (piece := await in_thread(partial(next, self.pieces, None))) is not None
                ):
                    async with asyncio.timeout(STALLED_S):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
            finally:
                leaving.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    """Until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
