"""Results of long computations: made once, bounded, errors told once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import polars as pl
import pytest

from estimates.errors import UnavailableError
from estimates_api.serving import recent_results
from estimates_api.serving.recent_results import RecentResults
from tests.waiting import LONGEST_S, until


@pytest.fixture
def recent() -> Iterator[RecentResults]:
    """Room for three frames of 800 bytes."""
    recent = RecentResults(2500)
    yield recent
    recent.close()


def test_a_result_is_made_once(recent: RecentResults) -> None:
    """Who asks at the same time gets what one computes; who cannot wait gets nothing, and finds it
    later.
    """
    go, made = threading.Event(), list[int]()

    def make() -> pl.DataFrame:
        made.append(1)
        assert go.wait(LONGEST_S)
        return pl.DataFrame({"x": [1]})

    async def ask() -> list[pl.DataFrame | None]:
        first = await recent.within(0.01, "q", make)
        waiting = [asyncio.create_task(recent.within(LONGEST_S, "q", make)) for _ in range(4)]
        go.set()
        return [first, *await asyncio.gather(*waiting)]

    results = asyncio.run(ask())
    assert (results[0], made) == (None, [1])
    assert all(result is results[1] for result in results[1:])


def test_an_error_is_told_once(recent: RecentResults) -> None:
    """It is told to who waits, or to who asks next, and then it is tried again."""
    made, go = list[int](), threading.Event()

    def fail() -> pl.DataFrame:
        made.append(1)
        assert go.wait(LONGEST_S)
        raise ZeroDivisionError

    async def ask(seconds: float) -> pl.DataFrame | None:
        return await recent.within(seconds, "q", fail)

    assert asyncio.run(ask(0.01)) is None
    go.set()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(ask(LONGEST_S))
    assert made == [1, 1]


def test_results_are_bounded(recent: RecentResults) -> None:
    """The least recently used ones go when there is no room; the newest stays whatever its size."""
    made: list[str] = []

    def ask(name: str, rows: int = 100) -> None:
        def make() -> pl.DataFrame:
            made.append(name)
            return pl.DataFrame({"x": [1.5] * rows})

        assert asyncio.run(recent.within(LONGEST_S, name, make)) is not None

    for name in ("a", "b", "c", "a", "d"):  # 800 bytes each: three fit
        ask(name)
    assert made == ["a", "b", "c", "d"]
    ask("a"), ask("b")
    assert made == ["a", "b", "c", "d", "b"]
    ask("large", 10_000), ask("large", 10_000), ask("a")
    assert made == ["a", "b", "c", "d", "b", "large", "a"]


def ask_for(
    recent: RecentResults, name: str, client: str, make: object, seconds: float = 0
) -> None:
    """Ask for bytes and wait for so long."""
    asyncio.run(recent.within(seconds, name, make, client))  # type: ignore[arg-type]


def test_clients_have_their_turns_and_their_share(
    recent: RecentResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks once comes before the last of one who asks for ten, and gets no more."""
    monkeypatch.setattr(recent_results, "MAX_OF_CLIENT", 10)
    monkeypatch.setattr(recent_results, "WANTED_S", LONGEST_S)
    turn, begun = threading.Semaphore(0), list[str]()

    def make(name: str) -> bytes:
        begun.append(name)
        assert turn.acquire(timeout=LONGEST_S)
        return b"x"

    for number in range(10):
        ask_for(recent, f"a{number}", "a", lambda n=number: make(f"a{n}"))
    until(lambda: len(begun) == 4)
    with pytest.raises(UnavailableError, match="10 reports are being computed"):
        ask_for(recent, "a10", "a", lambda: make("a10"))
    ask_for(recent, "b", "b", lambda: make("b"))
    for number in range(5, 12):  # who ends makes room for the next
        turn.release()
        until(lambda number=number: len(begun) == number)
    turn.release(4)
    assert begun.index("b") == 5


def test_what_nobody_waits_for_is_given_up(
    recent: RecentResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty abandoned computations hold up nobody: what runs is told to end, what waits is never
    begun.
    """
    monkeypatch.setattr(recent_results, "WANTED_S", LONGEST_S)
    begun = list[int]()

    def make(number: int) -> bytes:
        begun.append(number)
        while recent.is_wanted:
            time.sleep(0.005)
        raise UnavailableError("report_ended", "nobody waits", remedy="ask again")

    for number in range(50):
        with pytest.MonkeyPatch.context() as more:
            more.setattr(recent_results, "MAX_OF_CLIENT", 50)
            ask_for(recent, f"{number}", "a", lambda n=number: make(n))
    monkeypatch.setattr(recent_results, "WANTED_S", 0.0)
    ask_for(recent, "mine", "b", lambda: b"x", LONGEST_S)
    assert len(begun) <= 5
    until(lambda: not recent._running or all(c.future.done() for c in recent._running.values()))
