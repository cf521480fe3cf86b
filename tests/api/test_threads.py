"""Where handlers run, and how many may wait."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, NoReturn

import pytest

from estimates.errors import UnavailableError
from estimates.reading.reader import WouldBlock
from estimates_api.serving import threads
from estimates_api.serving.threads import in_thread, nonblocking, off_loop


class Readers:
    """Stands for a follower: gives the name of the way, and of the thread that asked."""

    def at(self, _as_of: object) -> tuple[str, int]:
        """May block."""
        return "at", threading.get_ident()

    def nonblocking(self, _as_of: object) -> tuple[str, int]:
        """Never blocks."""
        return "nonblocking", threading.get_ident()


FOLLOWER: Any = Readers()


def test_an_answer_comes_from_the_loop_where_it_can() -> None:
    """A thread is taken for what would block, and for what takes long in any case."""

    def blocks_on_the_loop(reader_at: Any) -> Any:
        if reader_at == FOLLOWER.nonblocking:
            raise WouldBlock
        return reader_at(None)

    async def run() -> list[Any]:
        return [
            await nonblocking(FOLLOWER, lambda reader_at: reader_at(None)),
            await nonblocking(FOLLOWER, blocks_on_the_loop),
            await nonblocking(FOLLOWER, lambda reader_at: reader_at(None), large=True),
        ]

    answers = asyncio.run(run())
    assert [way for way, _ in answers] == ["nonblocking", "at", "at"]
    own = threading.get_ident()
    assert [thread == own for _, thread in answers] == [True, False, False]


def test_so_many_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is told to come again; there is room once others have ended, or failed."""
    monkeypatch.setattr(threads, "THREADS", 1)
    monkeypatch.setattr(threads, "WAITING", 1)
    go_on = threading.Event()

    def fails() -> NoReturn:
        go_on.wait()
        raise ValueError("it failed")

    async def run() -> None:
        under_way = [asyncio.create_task(in_thread(fails)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError) as refused:
            await in_thread(int)
        assert refused.value.code == "overloaded"
        go_on.set()
        results = await asyncio.gather(*under_way, return_exceptions=True)
        assert [type(result) for result in results] == [ValueError, ValueError]
        assert await in_thread(int, "7") == 7

    asyncio.run(run())


def test_a_handler_keeps_its_face() -> None:
    """Its name, description and parameters are what the document says of it."""

    def handler(number: int) -> int:
        """Say it."""
        return number

    wrapped: Any = off_loop(handler)
    assert (wrapped.__name__, wrapped.__doc__) == ("handler", "Say it.")
    assert asyncio.run(wrapped(number=3)) == 3
