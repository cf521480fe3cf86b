"""Blocks that threads take in turn."""

from __future__ import annotations

import gc
import os
import weakref
from concurrent.futures import Future
from contextvars import ContextVar, copy_context
from threading import Barrier, Event, current_thread

import numpy as np
import pytest

from estimates.stability.kernels import blocks
from estimates.stability.kernels.blocks import BLOCK, each_block, run_parallel, taken
from tests.waiting import until

ROWS = 8 * BLOCK


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with two processors."""
    monkeypatch.setattr(blocks, "_THREADS", 2)


def test_results_come_in_order() -> None:
    """Also of work that tasks open themselves."""
    sums = run_parallel(
        [lambda n=n: sum(each_block(lambda b: b.start + n, ROWS)) for n in range(3)], ROWS
    )
    starts = each_block(lambda b: b.start, ROWS)
    assert sums == [sum(starts) + n * len(starts) for n in range(3)]


def test_nothing_is_kept() -> None:
    """What tasks give goes when nobody needs it, without a look by the garbage collector."""
    gc.disable()
    try:
        results = run_parallel([lambda: np.zeros(3)] * 3, ROWS)
        kept = [weakref.ref(result) for result in results]
        del results
        # a thread that came too late still has to see that there is nothing to do
        until(lambda: all(ref() is None for ref in kept))
    finally:
        gc.enable()


def test_who_waits_helps() -> None:
    """The thread that is done with its tasks takes blocks of the task that is not."""
    begun, helped = Event(), Event()
    names: set[str] = set()

    def long_task() -> None:
        begun.set()
        own = current_thread().name

        def block(rows: slice) -> None:
            names.add(current_thread().name)
            if current_thread().name == own:
                assert helped.wait(30), "nobody else takes a block"
            else:
                helped.set()

        each_block(block, ROWS)

    def short_task() -> None:
        assert begun.wait(30)

    run_parallel([short_task, long_task], ROWS)
    assert len(names) == 2


def test_what_a_helper_meets_is_raised_where_the_work_was_opened() -> None:
    """An error of a block ends the task whose block it is, whichever thread had it."""

    def block(rows: slice) -> None:
        if rows.start:
            raise ValueError(rows.start)

    caught: list[int] = []

    def task() -> None:
        try:
            each_block(block, ROWS)
        except ValueError as error:
            caught.append(error.args[0])

    for _ in range(20):
        run_parallel([task, task], ROWS)
    assert len(caught) == 40


@pytest.mark.parametrize("fails_here", [True, False])
def test_work_that_fails_ends_when_all_who_take_part_have_ended(
    fails_here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No thread computes on columns that nobody needs any more after the error was raised, whether
    this thread's task fails or another's.
    """
    here, waiting, ended = current_thread(), Event(), Event()
    both = Barrier(2)
    wait = blocks._Work._wait

    def noted(work: blocks._Work, part: Future[None]) -> None:
        waiting.set()
        wait(work, part)

    monkeypatch.setattr(blocks._Work, "_wait", noted)

    def task() -> None:
        both.wait(30)
        if (current_thread() is here) == fails_here:
            raise ValueError("no such value")
        if fails_here:
            assert waiting.wait(30), "nobody waits"
        ended.set()

    with pytest.raises(ValueError, match="no such value"):
        run_parallel([task, task], ROWS)
    assert ended.is_set()


def test_taken() -> None:
    """Rows are taken as indexing takes them."""
    column = np.arange(ROWS) * 2.0
    rows = np.random.default_rng(0).permutation(ROWS).astype(np.int32)
    assert np.array_equal(taken(column, rows), column[rows])


def test_who_came_too_late_keeps_nothing() -> None:
    """Work that is done lets go of its columns and of what is around it, such as a report's memory,
    though the pool's queue still names it while all threads are busy.
    """
    busy, end = Event(), Event()

    def wait() -> None:
        busy.set()
        assert end.wait(30)

    pool = blocks._pool(os.getpid())
    waiting = pool.submit(wait)
    assert busy.wait(30)
    around = ContextVar[np.ndarray]("around")

    def work() -> list[weakref.ref[np.ndarray]]:
        column, memory = np.zeros(3), np.zeros(3)
        around.set(memory)
        run_parallel([lambda: column.sum()] * 3, ROWS)
        return [weakref.ref(column), weakref.ref(memory)]

    gone = [of() is None for of in copy_context().run(work)]
    end.set()
    waiting.result()
    assert gone == [True, True]
