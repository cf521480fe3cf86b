"""Bodies are received within a time, a size and a share of the memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from estimates.errors import EstimatesError
from estimates_api.http import request_bodies
from estimates_api.http.request_bodies import RequestBodies, whole

MIB = 1024 * 1024


def sent(pieces: Iterable[bytes | None], *, complete: bool = True) -> Any:
    """Receives these pieces; None: the client goes. Not complete: nothing comes after them."""
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()
        piece = left.pop(0)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": bool(left) or not complete}

    return receive


def scope(length: int | None = None) -> dict[str, Any]:
    """A request that declares a length."""
    return {"headers": [] if length is None else [(b"content-length", b"%d" % length)]}


async def _received(bodies: RequestBodies, length: int | None, receive: Any) -> bytes:
    async with bodies.received(scope(length), receive) as body:
        return body


def code_of(length: int | None, receive: Any) -> str:
    """The code with which a body is refused; nothing of it is held afterwards."""
    bodies = RequestBodies()
    with pytest.raises(EstimatesError) as error:
        asyncio.run(_received(bodies, length, receive))
    assert bodies.size == 0
    return error.value.code


def test_a_body_is_received_in_pieces_and_given_on_whole() -> None:
    """Its pieces are joined, count while it is used, and whoever reads it again has it at once."""

    async def received() -> None:
        bodies = RequestBodies()
        async with bodies.received(scope(6), sent([b"ab", b"", b"cdef"])) as body:
            assert (body, bodies.size) == (b"abcdef", 6)
            again = whole(body, sent([None]))
            assert await again() == {"type": "http.request", "body": body, "more_body": False}
            assert (await again())["type"] == "http.disconnect"
        assert bodies.size == 0

    asyncio.run(received())


def test_a_body_that_is_all_there_is_not_waited_for() -> None:
    """Its length says that nothing comes, before the server does; chunks have no length."""
    bodies = RequestBodies()
    receive = sent([b"abc", b"def"], complete=False)
    assert asyncio.run(_received(bodies, 6, receive)) == b"abcdef"
    chunked = scope(3)["headers"] + [(b"transfer-encoding", b"chunked")]

    async def received() -> bytes:
        async with bodies.received({"headers": chunked}, sent([b"abc", b"def"])) as body:
            return body

    assert asyncio.run(received()) == b"abcdef"


def test_a_body_that_stalls_or_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence ends it, and so does the time for all of it, however often a byte comes."""
    monkeypatch.setattr(request_bodies, "SILENCE_S", 0.02)
    assert code_of(100, sent([b"abc"], complete=False)) == "body_timeout"
    monkeypatch.setattr(request_bodies, "TOTAL_S", 0.05)

    async def drip() -> dict[str, Any]:
        await asyncio.sleep(0.005)
        return {"type": "http.request", "body": b"x", "more_body": True}

    assert code_of(10_000, drip) == "body_timeout"


def test_a_body_that_ends_too_early_says_so() -> None:
    """The client went, or its chunks were none."""
    assert code_of(None, sent([b"abc", None])) == "body_incomplete"


def test_a_large_body_is_refused_before_or_while_it_comes() -> None:
    """By what it declares, or once it is there."""
    assert code_of(33 * MIB, sent([])) == "body_too_large"
    assert code_of(None, sent([b"x" * 20 * MIB, b"x" * 20 * MIB])) == "body_too_large"


def test_withheld_bodies_leave_room_for_small_ones() -> None:
    """Of 30 bodies of 31 MiB that are held back two are held; small ones go on meanwhile, and large
    ones once there is room.
    """

    async def received() -> None:
        bodies = RequestBodies()
        piece = b"x" * 31 * MIB
        async with AsyncExitStack() as withheld:
            codes = []
            for _ in range(30):
                try:
                    body = bodies.received(scope(len(piece)), sent([piece]))
                    await withheld.enter_async_context(body)
                except EstimatesError as error:
                    codes.append(error.code)
            assert codes == ["overloaded"] * 28
            assert bodies.size == 2 * len(piece)
            assert await _received(bodies, 3, sent([b"abc"])) == b"abc"
            assert await _received(bodies, 512 * 1024, sent([b"x" * 512 * 1024]))
        assert await _received(bodies, len(piece), sent([piece])) == piece

    asyncio.run(received())
