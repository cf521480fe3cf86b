"""Long answers take turns on the event loop."""

from __future__ import annotations

import asyncio

import pytest

from estimates.errors import UnavailableError
from estimates_api.serving import turns
from estimates_api.serving.turns import Turns


def test_what_is_short_goes_between_long_answers() -> None:
    """A health check that comes when ten long answers wait is answered before the third."""

    async def order() -> list[str]:
        done: list[str] = []
        of_worker = Turns()

        async def long(number: int) -> None:
            async with of_worker.turn():
                done.append(str(number))
                if number == 0:
                    checks.append(asyncio.create_task(check()))

        async def check() -> None:
            done.append("check")

        checks: list[asyncio.Task[None]] = []
        await asyncio.gather(*(long(number) for number in range(10)))
        return done

    done = asyncio.run(order())
    assert done.index("check") <= 2
    assert [name for name in done if name != "check"] == [str(number) for number in range(10)]


def test_too_many_that_wait_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is told to come again, and is answered once there is room."""
    monkeypatch.setattr(turns, "WAITING", 2)

    async def answered(of_worker: Turns) -> bool:
        async with of_worker.turn():
            return True

    async def three() -> list[bool | BaseException]:
        of_worker = Turns()
        answers = await asyncio.gather(
            *(answered(of_worker) for _ in range(3)), return_exceptions=True
        )
        assert await answered(of_worker)
        return answers

    first, second, third = asyncio.run(three())
    assert first is second is True
    assert isinstance(third, UnavailableError)
    assert third.code == "overloaded"
