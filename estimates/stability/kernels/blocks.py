"""Work on long columns, block by block: a block fits the processor's cache, and threads take turns
at the blocks.

NumPy lets go of the interpreter while it computes, so threads run side by side. They meet whenever
one of them asks for the interpreter again, which is why blocks of long columns are longer than the
innermost cache would have them. Which thread computes a block changes nothing: results come in the
order of the blocks, and what is added up is added up in that order.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, ContextVar, copy_context
from functools import cache
from threading import Condition
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from estimates.stability.kernels.memory import empty_column, keep_freed_memory

BLOCK, _LONGEST = 1 << 15, 1 << 17  # rows; 256 kB and 1 MB of doubles
_LONG = 4 * BLOCK  # rows below which threads do not pay
_THREADS = os.cpu_count() or 1
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
T = TypeVar("T")
_NEWS = Condition()  # work was opened, or a part of some is done
_WORK: ContextVar[_Work | None] = ContextVar("_WORK", default=None)


def block_size(rows: int) -> int:
    """The rows of a block of a column of that many: a power of two, at least four blocks where that
    makes sense.
    """
    return min(max(BLOCK, 1 << (rows // 4).bit_length() - 1), _LONGEST) if rows >= _LONG else BLOCK


def each_block(work: Callable[[slice], T], rows: int, size: int | None = None) -> list[T]:
    """What `work` gives for each block of `size` rows, or of `block_size`, in the order of the
    rows.
    """
    size = size or block_size(rows)
    if rows >= _LONG:
        keep_freed_memory()
    return run_parallel(
        [_of(work, slice(start, min(start + size, rows))) for start in range(0, rows, size)], rows
    )


def run_parallel(tasks: list[Callable[[], T]], rows: int) -> list[T]:
    """What the tasks give, in their order; worked on by all processors when they are about many
    rows.
    """
    if rows < _LONG or _THREADS == 1:
        return [task() for task in tasks]
    return _Work(tasks).done()


def count_rows(test: Callable[[slice], Mask], rows: int) -> int:
    """In how many rows a test holds; `test` is asked block by block."""
    return sum(each_block(lambda block: int(np.count_nonzero(test(block))), rows))


def fill_column(formula: Callable[[slice], Floats], rows: int) -> Floats:
    """What a formula gives for each row, computed block by block."""
    result = empty_column(rows)

    def compute(block: slice) -> None:
        result[block] = formula(block)

    each_block(compute, rows)
    return result


def taken(column: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """The values of a column at some rows, each of which it has, block by block."""
    result = empty_column(len(rows), column.dtype)

    def take(block: slice) -> None:
        np.take(column, rows[block], out=result[block], mode="clip")

    each_block(take, len(rows))
    return result


def sum_rows(formula: Callable[[slice], Floats], rows: int) -> float:
    """The sum of what a formula gives for each row, block by block; not finite when it does not fit
    a double.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return exact_sum(each_block(lambda rows: float(formula(rows).sum()), rows))


def exact_sum(sums: Iterable[float]) -> float:
    """The sum of the sums of blocks; not finite when it does not fit a double."""
    try:
        return math.fsum(sums)
    except (OverflowError, ValueError):  # too large, or infinities of both signs
        return math.nan


def mean_rows(formula: Callable[[slice], Floats], rows: int) -> float:
    """The mean of what a formula gives for each row, in fixed order; scaled first when the plain
    sum overflows.
    """
    plain = sum_rows(formula, rows)
    if math.isfinite(plain):
        return plain / rows
    largest = max(each_block(lambda block: float(np.abs(formula(block)).max()), rows))
    return sum_rows(lambda block: formula(block) / largest, rows) / rows * largest


def _of(work: Callable[[slice], T], rows: slice) -> Callable[[], T]:
    return lambda: work(rows)


class _Work:
    """Tasks that threads take in turn.

    A task may open work of its own. Who is done and waits for another thread's task helps with what
    that has opened, or the last task of several, a column's, would be left to one thread.
    """

    def __init__(self, tasks: list[Callable[[], Any]]) -> None:
        self._tasks = tasks
        self._left = deque(range(len(tasks)))  # each number is taken by one thread
        self._results: list[Any] = [None] * len(tasks)
        self._parts: list[Future[None]] = []  # of threads beside the one that opened it
        self._opened: list[_Work] = []  # by its tasks, and not done
        self._context = copy_context()  # what `np.errstate` says here, for example

    def done(self) -> list[Any]:
        """What the tasks give, when all are done."""
        around, pool = _WORK.get(), _pool(os.getpid())
        for _ in range(min(_THREADS, len(self._tasks)) - 1):
            self._parts.append(pool.submit(self._take_part))
        if around is not None:
            with _NEWS:
                around._opened.append(self)
                _NEWS.notify_all()
        try:
            self._take_part()
        finally:
            if around is not None:
                with _NEWS:  # nobody takes part any more
                    around._opened.remove(self)
            # a thread that came too late has nothing to do
            taking_part = [part for part in self._parts if not part.cancel()]
            for part in taking_part:
                self._wait(part)
            # what was cancelled stays in the pool's queue, and would keep the columns of all tasks
            results, self._results = self._results, list[Any]()
            self._tasks, self._context = list[Callable[[], Any]](), Context()
            for part in taking_part:
                part.result()
        return results

    def _take_part(self) -> None:
        self._context.copy().run(self._take_tasks)

    def _take_tasks(self) -> None:
        # in the copy alone: a context of this work would keep it, and its columns, in a cycle
        _WORK.set(self)
        while self._left:
            try:
                number = self._left.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                self._results[number] = self._tasks[number]()
            except BaseException:
                self._left.clear()
                raise

    def _wait(self, part: Future[None]) -> None:
        part.add_done_callback(_tell)
        while True:
            with _NEWS:
                while (other := self._unfinished()) is None and not part.done():
                    _NEWS.wait()
                if other is None:
                    break
                helped = Future[None]()
                helped.set_running_or_notify_cancel()
                other._parts.append(helped)
            try:
                other._take_part()
            except BaseException as error:  # it is raised where the work was opened
                helped.set_exception(error)
            else:
                helped.set_result(None)

    def _unfinished(self) -> _Work | None:
        """Work with tasks left that was opened within this one."""
        for work in self._opened:
            other = work if work._left else work._unfinished()
            if other is not None:
                return other
        return None


def _tell(_: Future[None]) -> None:
    with _NEWS:
        _NEWS.notify_all()


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of this process beside the one that asks; threads do not survive a fork, hence
    the number.
    """
    return ThreadPoolExecutor(max(1, _THREADS - 1), thread_name_prefix=f"blocks-{process}")
