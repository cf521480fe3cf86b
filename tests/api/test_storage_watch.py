"""The watch that looks at the storage: what it says, and that it goes on whatever it meets."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from estimates import Store
from estimates.errors import UnavailableError
from estimates.storage.objects import Stat
from estimates_api.serving import storage_watch
from estimates_api.serving.storage_watch import StorageWatch
from tests.waiting import LONGEST_S

HERE = Stat(1, "mark")  # what a storage says of a store that is there


@pytest.fixture
def watch(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> StorageWatch:
    """The watch of a store, which looks all the time."""
    monkeypatch.setattr(storage_watch, "INTERVAL_S", 0.0)
    return StorageWatch(local_store)


@asynccontextmanager
async def watching(watch: StorageWatch) -> AsyncIterator[None]:
    """Meanwhile it looks."""
    task = asyncio.create_task(watch.watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def comes_to(watch: StorageWatch, fault: str | None) -> None:
    """Wait until it says so."""
    async with asyncio.timeout(LONGEST_S):
        while watch.fault != fault:
            await asyncio.sleep(0.01)


def test_a_storage_that_says_nothing_is_away(
    watch: StorageWatch, local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a look lasts reads are refused at once; they go on when it has an answer."""
    silent = threading.Event()

    def stat(_name: str) -> Stat:
        silent.wait()
        return HERE

    async def run() -> None:
        async with watching(watch):
            await comes_to(watch, "storage")
            assert (watch.read_at, local_store.objects.away) == (None, True)
            silent.set()
            await comes_to(watch, None)
            assert (watch.read_at is None, local_store.objects.away) == (False, False)

    monkeypatch.setattr(storage_watch, "SILENT_S", 0.01)
    monkeypatch.setattr(watch._objects, "stat", stat)
    asyncio.run(run())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnavailableError("storage", "it is away", remedy="retry"), "storage"),
        (RuntimeError("can't start new thread"), "internal"),
    ],
)
def test_it_looks_again_whatever_went_wrong(
    watch: StorageWatch,
    local_store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    code: str,
) -> None:
    """Faults of the program too; only a storage that is away keeps reads from trying. A fault and
    its end are a line each in the log.
    """
    failing = threading.Event()
    failing.set()

    def stat(_name: str) -> Stat:
        if failing.is_set():
            raise error
        return HERE

    seen: list[tuple[str | None, bool]] = []

    async def run() -> None:
        async with watching(watch):
            await comes_to(watch, code)
            seen.append((watch.fault, local_store.objects.away))
            failing.clear()
            await comes_to(watch, None)

    monkeypatch.setattr(watch._objects, "stat", stat)
    with caplog.at_level(logging.WARNING, "api"):
        asyncio.run(run())
    assert seen == [(code, code == "storage")]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
