"""The reader that requests read with: what replaces it, and that nothing stops the following."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from estimates import Store, instants
from estimates.catalog.view import View
from estimates.errors import UnavailableError
from estimates.reading.reader import WouldBlock
from estimates_api.serving import follower as following
from estimates_api.serving.follower import Follower
from tests.builders import define, make_store
from tests.waiting import LONGEST_S, until


class FailingStore(Store):
    """A store whose catalog can be made to fail."""

    error: Exception | None = None

    def refresh(self) -> View:
        """The newest view."""
        if self.error is not None:
            raise self.error
        return super().refresh()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailingStore]:
    """A store of one set, in which nothing is published."""
    define(make_store(tmp_path / "store"))
    store = FailingStore(tmp_path / "store")
    yield store
    store.catalog.engine.dispose()


@pytest.fixture
def follower(store: FailingStore) -> Iterator[Follower]:
    """What follows it; nothing was read yet."""
    follower = Follower(store)
    yield follower
    follower.targets.close()


def test_before_the_first_read_there_is_nothing_to_answer_from(follower: Follower) -> None:
    """Whoever asks is told to come again, on every way."""
    assert follower.known is None
    for ask in (follower.at, follower.past, follower.nonblocking):
        with pytest.raises(UnavailableError) as raised:
            ask(None)
        assert raised.value.code == "starting"


def test_a_reader_stays_while_nothing_happens(store: FailingStore, follower: Follower) -> None:
    """What it remembers stays true, and its view is as new as the last look; an event brings
    another one.
    """
    until(lambda: follower.poll() or follower.targets.ready)
    reader, read_at = follower.reader, follower.view.read_at
    follower.poll()
    assert follower.reader is reader
    assert follower.view.read_at > read_at
    define(store, "second")
    follower.poll()
    assert follower.reader is not reader
    assert set(follower.view.sets) > set(reader.view.sets)


def test_a_moment_that_is_not_known_is_no_matter_of_the_loop(follower: Follower) -> None:
    """The catalog is read for it in a thread; what is known needs no thread."""
    follower.poll()
    known = follower.view.moment
    assert follower.nonblocking(known) is follower.reader.nonblocking
    with pytest.raises(WouldBlock):
        follower.nonblocking(instants.now())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnavailableError("catalog", "it is away", remedy="retry"), "catalog"),
        (ValueError("a fault of the program"), "internal"),
    ],
)
def test_it_follows_on_whatever_fails(
    store: FailingStore,
    follower: Follower,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
) -> None:
    """The last view answers meanwhile; the fault and its end are a line each, however often it was
    tried.
    """
    monkeypatch.setattr(following, "INTERVAL_S", 0.0)
    app: Any = None

    async def comes(fault: str | None, errors: int) -> None:
        async with asyncio.timeout(LONGEST_S):
            while follower.fault != fault or follower.errors < errors:
                await asyncio.sleep(0.01)

    async def run() -> None:
        async with follower.lifespan(app):
            view, store.error = follower.view, error
            await comes(code, 3)
            assert follower.view.sets.keys() == view.sets.keys()
            store.error = None
            await comes(None, 3)

    with caplog.at_level(logging.WARNING, "api"):
        asyncio.run(run())
    about = [r.levelname for r in caplog.records if "catalog" in r.getMessage()]
    assert about == ["ERROR", "WARNING"]


def test_streams_wake_for_events_alone(
    store: FailingStore, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at every look; by then the view with the event is served."""
    monkeypatch.setattr(following, "INTERVAL_S", 0.0)
    app: Any = None

    async def run() -> None:
        async with follower.lifespan(app), asyncio.timeout(LONGEST_S):
            await follower.news.wait()  # of the first look
            news = follower.news
            for _ in range(2):  # once the second look has begun the first is over
                read_at = follower.read_at
                while follower.read_at == read_at:
                    await asyncio.sleep(0.01)
            assert not news.is_set()
            await asyncio.to_thread(define, store, "second")
            await news.wait()
            assert "second" in follower.view.sets

    asyncio.run(run())
