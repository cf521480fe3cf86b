"""Answers that a client keeps: asked for again only by their tags, and never errors."""

from __future__ import annotations

import asyncio

import pytest

from estimates.client import AsyncClient, Client
from estimates.client.plans import Reply
from estimates.client.response_cache import ResponseCache
from estimates.errors import (
    NotFoundError,
)
from tests.client.stub import BODY, HEAD, Scripted, Stub, problem, stub

TAGGED = Scripted(200, headers=HEAD | {"etag": '"one"', "cache-control": "no-cache"})


UNCHANGED = Scripted(
    304, b"", headers=HEAD | {"etag": '"one"', "estimates-as-of": "2026-01-02T00:00:00Z"}
)


FIXED = Scripted(
    200, headers=HEAD | {"etag": '"one"', "cache-control": "public, max-age=31536000, immutable"}
)


def _conditions(server: Stub) -> list[str | None]:
    return [condition for _, _, condition in server.requests]


def test_an_unchanged_answer_is_not_sent_again() -> None:
    """The second question carries the tag of the first answer; a 304 gives the same bytes, a 200
    the new ones.
    """
    other = Scripted(200, BODY.replace(b"1.0", b"2.0"), headers=HEAD | {"etag": '"two"'})
    with stub(TAGGED, UNCHANGED, other, UNCHANGED) as server, Client(server.url) as client:
        assert [client["s"].get("a")["v"] for _ in range(4)] == [1.0, 1.0, 2.0, 2.0]
        assert _conditions(server) == [None, '"one"', '"one"', '"two"']


def test_what_never_changes_is_asked_once() -> None:
    """Answers by version number come from memory; other keys and fields are other questions."""
    with stub(FIXED) as server, Client(server.url) as client:
        assert {client["s"].get("a", ref=1).json for _ in range(5)} == {BODY}
        assert len(server.requests) == 1
        client["s"].get("b", ref=1)
        client["s"].get("a", ref=1, fields=["v"])
        assert len(server.requests) == 3


def test_errors_are_not_kept() -> None:
    """A 404 is asked about again, without a tag."""
    with (
        stub(problem(404, "no_estimate", {"etag": '"x"'}), FIXED) as server,
        Client(server.url) as client,
    ):
        with pytest.raises(NotFoundError):
            client["s"].get("a", ref=1)
        assert client["s"].get("a", ref=1).json == BODY
        assert _conditions(server) == [None, None]


def test_an_async_client_keeps_answers_too() -> None:
    """The same cache, awaited."""

    async def ask_twice(url: str) -> list[bytes]:
        async with AsyncClient(url) as client:
            return [(await client["s"].get("a")).json for _ in range(2)]

    with stub(TAGGED, UNCHANGED) as server:
        assert asyncio.run(ask_twice(server.url)) == [BODY, BODY]
        assert _conditions(server) == [None, '"one"']


def test_the_cache_is_bounded() -> None:
    """What was used longest ago goes first; an answer larger than the cache is not kept, and takes
    nothing with it.
    """
    cache = ResponseCache(10_000)
    for name in "abc":
        cache.put(name, Reply(200, {}, b"x" * 2500))
    assert cache.get("a")
    cache.put("d", Reply(200, {}, b"x" * 2500))
    assert [name for name in "abcd" if cache.get(name)] == ["a", "c", "d"]
    cache.put("e", Reply(200, {}, b"x" * 20_000))
    assert [name for name in "acde" if cache.get(name)] == ["a", "c", "d"]
