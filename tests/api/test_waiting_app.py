"""What answers while a store cannot be opened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from estimates.errors import UnavailableError
from estimates_api import waiting_app
from estimates_api.waiting_app import WaitingApp


def answered(path: str) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers."""
    left: list[Any] = []

    async def send(message: Any) -> None:
        left.append(message)

    scope = {"type": "http", "path": path, "method": "GET", "headers": []}
    asyncio.run(WaitingApp(lambda: None, lambda: None)(scope, None, send))
    return left[0]["status"], dict(left[0]["headers"])


def test_it_is_alive_and_not_ready() -> None:
    """Nobody restarts it, nobody waits in vain, and a client knows when to come again."""
    assert answered("/health/live")[0] == 200
    for path in ("/health/ready", "/v1/sets", "/"):
        status, headers = answered(path)
        assert (status, headers[b"retry-after"]) == (503, b"1")


def test_it_ends_once_the_store_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """After as many tries as it takes."""
    monkeypatch.setattr(waiting_app, "RETRY_S", 0.001)
    tries: list[int] = []
    sent: list[str] = []

    def try_store() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise UnavailableError("catalog", "away")

    async def live() -> None:
        ended = asyncio.Event()
        messages = iter(["lifespan.startup"])

        async def receive() -> Any:
            if (kind := next(messages, None)) is None:
                await ended.wait()
            return {"type": kind or "lifespan.shutdown"}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await WaitingApp(try_store, ended.set)({"type": "lifespan"}, receive, send)

    asyncio.run(live())
    assert len(tries) == 3
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
