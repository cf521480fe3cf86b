"""Results of long computations: made once, bounded, errors told once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import polars as pl
import pytest

from estimates_api.serving.recent_results import RecentResults


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
        assert go.wait(20)
        return pl.DataFrame({"x": [1]})

    async def ask() -> list[pl.DataFrame | None]:
        first = await recent.within(0.01, "q", make)
        waiting = [asyncio.create_task(recent.within(20, "q", make)) for _ in range(4)]
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
        assert go.wait(20)
        raise ZeroDivisionError

    async def ask(seconds: float) -> pl.DataFrame | None:
        return await recent.within(seconds, "q", fail)

    assert asyncio.run(ask(0.01)) is None
    go.set()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(ask(20))
    assert made == [1, 1]


def test_results_are_bounded(recent: RecentResults) -> None:
    """The least recently used ones go when there is no room; the newest stays whatever its size."""
    made: list[str] = []

    def ask(name: str, rows: int = 100) -> None:
        def make() -> pl.DataFrame:
            made.append(name)
            return pl.DataFrame({"x": [1.5] * rows})

        assert asyncio.run(recent.within(20, name, make)) is not None

    for name in ("a", "b", "c", "a", "d"):  # 800 bytes each: three fit
        ask(name)
    assert made == ["a", "b", "c", "d"]
    ask("a"), ask("b")
    assert made == ["a", "b", "c", "d", "b"]
    ask("large", 10_000), ask("large", 10_000), ask("a")
    assert made == ["a", "b", "c", "d", "b", "large", "a"]
