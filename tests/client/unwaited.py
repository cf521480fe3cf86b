"""Pauses of clients that are not waited for: a clock that goes on by each of them alone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from estimates.client import clients, retries, service_requests


def unwaited_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that clients make from now on, in seconds, however slow this machine is."""
    made: list[float] = []
    clock = SimpleNamespace(sleep=made.append, monotonic=lambda: sum(made))

    async def sleep(seconds: float) -> None:
        made.append(seconds)

    for module in (clients, retries, service_requests):
        monkeypatch.setattr(module, "time", clock)
    loop = SimpleNamespace(sleep=sleep, to_thread=asyncio.to_thread)
    monkeypatch.setattr(clients, "asyncio", loop)
    return made
