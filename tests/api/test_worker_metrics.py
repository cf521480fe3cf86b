"""Metrics of several workers: each reads those of the others from their files."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from estimates_api.serving import worker_metrics
from estimates_api.serving.worker_metrics import SharedMetrics, WorkerMetrics

APP: Any = None  # the metrics do not look at the app that they run with


def metrics(streams: int) -> WorkerMetrics:
    """The metrics of a worker with so many open streams."""
    return WorkerMetrics([("/v1/sets", "GET", 200, [1.0])], streams, 0, 0, None, None, [])


def test_a_worker_reads_those_of_the_others(tmp_path: Path) -> None:
    """Its own come first and as they are now; files of workers that have ended are gone."""

    async def run() -> tuple[list[WorkerMetrics], list[WorkerMetrics]]:
        first = SharedMetrics(tmp_path, lambda: metrics(1))
        second = SharedMetrics(tmp_path, lambda: metrics(2))
        async with first.lifespan(APP):
            async with second.lifespan(APP):
                both = first.all()
            return both, first.all()

    both, alone = asyncio.run(run())
    assert both == [metrics(1), metrics(2)]
    assert alone == [metrics(1)]
    assert list((tmp_path / "workers").iterdir()) == []


def test_what_nobody_locks_is_left_over(tmp_path: Path) -> None:
    """The file of a worker that was killed is removed by the next one that begins."""
    left = tmp_path / "workers" / "host-1" / "7-dead.tally"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left over")

    async def run() -> list[WorkerMetrics]:
        shared = SharedMetrics(tmp_path, lambda: metrics(1))
        async with shared.lifespan(APP):
            return shared.all()

    assert asyncio.run(run()) == [metrics(1)]
    assert not left.parent.exists()


def test_a_folder_that_cannot_be_written_leaves_its_own(tmp_path: Path) -> None:
    """A worker without a file still says its own metrics."""
    (tmp_path / "workers").write_text("a file where a folder should be")

    async def run() -> list[WorkerMetrics]:
        shared = SharedMetrics(tmp_path, lambda: metrics(3))
        async with shared.lifespan(APP):
            return shared.all()

    assert asyncio.run(run()) == [metrics(3)]


def test_a_cache_that_others_use_or_that_goes_ends_no_worker(tmp_path: Path) -> None:
    """What cannot be opened there is left alone, and a worker ends though its file is gone."""
    of_others = tmp_path / "workers" / "host-1" / "7-other.tally"
    of_others.mkdir(parents=True)

    async def run() -> list[WorkerMetrics]:
        shared = SharedMetrics(tmp_path, lambda: metrics(4))
        async with shared.lifespan(APP):
            shutil.rmtree(tmp_path)
            tmp_path.write_text("a file where the cache was")
            return shared.all()

    assert asyncio.run(run()) == [metrics(4)]


def test_a_write_that_is_under_way_ends_before_the_file_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread goes on when the worker ends, and another file may get the descriptor."""
    monkeypatch.setattr(worker_metrics, "INTERVAL_S", 0.0)
    begun, goes_on = threading.Event(), threading.Event()

    def slow() -> WorkerMetrics:
        if threading.current_thread() is not threading.main_thread() and armed:
            begun.set()
            assert goes_on.wait(60)
        return metrics(1)

    armed = False

    async def run() -> bool:
        nonlocal armed
        shared = SharedMetrics(tmp_path, slow)
        lifespan = shared.lifespan(APP)
        await lifespan.__aenter__()
        armed = True
        await asyncio.to_thread(begun.wait, 60)
        ending = asyncio.create_task(lifespan.__aexit__(None, None, None))
        for _ in range(100):  # all that ending does on the loop
            await asyncio.sleep(0)
        waits = not ending.done()
        goes_on.set()
        await ending
        return waits

    assert asyncio.run(run())
    assert list((tmp_path / "workers").iterdir()) == []


def test_a_full_disk_ends_no_counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others read what is new once there is room again."""
    monkeypatch.setattr(worker_metrics, "INTERVAL_S", 0.0)
    streams = 1

    async def run() -> None:
        nonlocal streams
        first = SharedMetrics(tmp_path, lambda: metrics(streams))
        second = SharedMetrics(tmp_path, lambda: metrics(0))
        async with first.lifespan(APP), second.lifespan(APP):
            tried = asyncio.Event()
            loop = asyncio.get_running_loop()

            def full(*_: object) -> int:
                loop.call_soon_threadsafe(tried.set)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            with monkeypatch.context() as patch:
                patch.setattr(os, "pwrite", full)
                await asyncio.wait_for(tried.wait(), 60)
            streams = 5
            while metrics(5) not in second.all():
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(run(), 60))
