"""Work that goes on in the background."""

from __future__ import annotations

import asyncio

import pytest

from estimates_api.serving.background import in_background


def test_work_goes_on_while_the_block_does_and_ends_with_it() -> None:
    """Its end waits until what still ran has cleaned up, however the block ends."""
    ended: list[str] = []

    async def work(name: str, begun: asyncio.Event) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # as who closes something does
            ended.append(name)

    async def block() -> None:
        begun = [asyncio.Event(), asyncio.Event()]
        async with in_background(work("one", begun[0]), work("two", begun[1])):
            await asyncio.gather(*(event.wait() for event in begun))
            assert ended == []
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(block())
    assert ended == ["one", "two"]


def test_what_fails_ends_nothing_else() -> None:
    """An error in the background is in its task, and not raised in the block or at its end."""

    async def fails() -> None:
        raise ValueError("its own")

    async def block() -> str:
        async with in_background(fails()) as tasks:
            await asyncio.wait(tasks)
            return str(tasks[0].exception())

    assert asyncio.run(block()) == "its own"
