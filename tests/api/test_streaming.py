"""Answers that are sent chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from estimates.errors import UnavailableError
from estimates_api.http import streaming
from estimates_api.http.streaming import ChunkedAnswer


def chunks(*made: bytes, seen: list[bytes]) -> Iterator[bytes]:
    """Chunks, each remembered as it is made; one that is empty is an error."""
    for chunk in made:
        if not chunk:
            raise ValueError("a part is damaged")
        seen.append(chunk)
        yield chunk


def sent(made: Iterator[bytes], *, leaves: bool = False, **scope: Any) -> list[Any]:
    """What is sent to a client, who leaves at once or not at all."""
    left: list[Any] = []

    async def receive() -> Any:
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        left.append(message)

    asyncio.run(ChunkedAnswer(200, [], made)({**scope}, receive, send))
    return left


def test_chunks_are_sent_in_pieces() -> None:
    """No piece is larger than what a server keeps; the end is said."""
    seen: list[bytes] = []
    large = b"x" * (300 * 1024)
    first, *pieces, end = sent(chunks(b"a", large, seen=seen))
    assert first["status"] == 200
    assert b"".join(piece["body"] for piece in pieces) == b"a" + large
    assert max(len(piece["body"]) for piece in pieces) <= 128 * 1024
    assert (end["body"], end["more_body"]) == (b"", False)


def test_head_makes_no_chunk() -> None:
    """Its headers are the same."""
    seen: list[bytes] = []
    assert len(sent(chunks(b"a", seen=seen), head=True)) == 2
    assert seen == []


def test_nothing_is_made_for_a_client_who_left() -> None:
    """The rest of a large table is not read."""
    seen: list[bytes] = []
    sent(chunks(*[b"a"] * 1000, seen=seen), leaves=True)
    assert len(seen) < 10


def test_an_error_leaves_the_answer_without_an_end() -> None:
    """No client takes the part for the whole, and the place is free again."""
    with pytest.raises(ValueError, match="damaged"):
        sent(chunks(b"a", b"", seen=[]))
    assert streaming._Count.under_way == 0


def test_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many at a time, each with a chunk in memory."""
    monkeypatch.setattr(streaming._Count, "under_way", streaming.AT_ONCE)
    with pytest.raises(UnavailableError) as refused:
        sent(chunks(b"a", seen=[]))
    assert refused.value.code == "overloaded"
