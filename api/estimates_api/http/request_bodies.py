"""Bodies of requests: received whole, within a time, a size and a share of this worker's memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from estimates.errors import InvalidError, UnavailableError

MAX_BYTES = 32 * 1024 * 1024
SILENCE_S = 5.0  # between two pieces of a body
TOTAL_S = 60.0
# Of a body up to SMALL_BYTES, such as a batch that is answered at once. All bodies of a worker
# together have ROOM_BYTES, and small ones as much again: large ones that are withheld leave room.
SMALL_BYTES = 512 * 1024
ROOM_BYTES = 64 * 1024 * 1024


class RequestBodies:
    """The bodies that this worker holds.

    size  bytes of all of them
    """

    def __init__(self) -> None:
        self.size = 0

    @asynccontextmanager
    async def received(self, scope: Any, receive: Any) -> AsyncGenerator[bytes, None]:
        """The body of a request; its bytes count until the block ends.

        Raises InvalidError (`body_too_large`, `body_timeout`, `body_incomplete`) and
        UnavailableError (`overloaded`).
        """
        length = _declared_length(scope)
        if length > MAX_BYTES:
            raise _too_large()
        pieces: list[bytes] = []
        size = 0
        try:
            deadline = asyncio.get_running_loop().time() + TOTAL_S
            more = True
            while more:
                message = await _next_piece(receive, deadline)
                piece = message.get("body", b"")
                size += len(piece)
                self.size += len(piece)
                self._check(max(size, length), size)
                pieces.append(piece)
                # a server that says so only in a message more is not waited for
                more = message.get("more_body", False) and (size != length or length == 0)
            yield pieces[0] if len(pieces) == 1 else b"".join(pieces)
        finally:
            self.size -= size

    def _check(self, length: int, size: int) -> None:
        """Whether a body that will have at least `length` bytes, `size` of them here, may go on."""
        if size > MAX_BYTES:
            raise _too_large()
        if self.size > ROOM_BYTES * (1 if length > SMALL_BYTES else 2):
            raise UnavailableError(
                "overloaded", "this worker holds as many bodies as it may", remedy="retry"
            )


def whole(body: bytes, receive: Any) -> Any:
    """Receives a body that was received before, then what comes."""
    sent = False

    async def receive_again() -> Any:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def _next_piece(receive: Any, deadline: float) -> Any:
    now = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(min(now + SILENCE_S, deadline)):
            message = await receive()
    except TimeoutError:
        raise InvalidError(
            "body_timeout",
            f"the body did not come within {SILENCE_S:g} s of silence or {TOTAL_S:g} s in all",
            remedy="send it at once, or in several smaller batches",
        ) from None
    if message["type"] == "http.disconnect":
        raise InvalidError(
            "body_incomplete",
            "the body ends before it is complete, or its chunks are not HTTP",
            remedy="send as many bytes as Content-Length says, or whole chunks",
        )
    return message


def _declared_length(scope: Any) -> int:
    """How long the body says it is; 0 where it says nothing that counts (RFC 9112, 6.3)."""
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return 0
        if name == b"content-length" and value.isdigit():
            length = int(value)
    return length


def _too_large() -> InvalidError:
    return InvalidError(
        "body_too_large",
        f"a body has at most {MAX_BYTES} bytes",
        remedy="send several smaller batches",
    )
