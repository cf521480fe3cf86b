"""Work on long columns, block by block: a block fits the processor's cache, and threads take turns at the blocks.

NumPy lets go of the interpreter while it computes, so threads run side by side. Which thread computes a block changes
nothing: results come in the order of the blocks, and what is added up is added up in that order.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 15  # rows; 256 kB of doubles
_LONG = 4 * BLOCK  # rows below which threads do not pay
_THREADS = os.cpu_count() or 1
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
T = TypeVar("T")


def each(work: Callable[[slice], T], rows: int, size: int = BLOCK) -> list[T]:
    """What `work` gives for each block of `size` rows, in the order of the rows."""
    return together([_of(work, slice(start, min(start + size, rows))) for start in range(0, rows, size)], rows)


def together(tasks: list[Callable[[], T]], rows: int) -> list[T]:
    """What the tasks give, in their order; worked on by all processors when they are about many rows."""
    if rows < _LONG or _THREADS == 1:
        return [task() for task in tasks]
    found: list[Any] = [None] * len(tasks)
    left = iter(range(len(tasks)))  # shared: each number is taken by one thread
    pool = _pool(os.getpid())
    # with what `np.errstate` says here
    others = [
        pool.submit(copy_context().run, _work_through, tasks, left, found) for _ in range(min(_THREADS, len(tasks)) - 1)
    ]
    try:
        _work_through(tasks, left, found)
    finally:
        for other in others:
            if not other.cancel():  # a thread that came too late has nothing to do
                other.result()
    return found


def count(test: Callable[..., Mask], *columns: NDArray[Any]) -> int:
    """In how many rows of the columns a test holds."""
    return sum(each(lambda rows: int(np.count_nonzero(test(*_cut(columns, rows)))), len(columns[0])))


def fill(formula: Callable[..., NDArray[Any]], *columns: NDArray[Any], dtype: type = np.float64) -> NDArray[Any]:
    """What a formula gives for each row of the columns."""
    result = np.empty(len(columns[0]), dtype=dtype)

    def compute(rows: slice) -> None:
        result[rows] = formula(*_cut(columns, rows))

    each(compute, len(result))
    return result


def total(formula: Callable[..., Floats], *columns: NDArray[Any]) -> float:
    """The sum of what a formula gives for each row of the columns; ±inf or NaN where it does not fit a double."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums = each(lambda rows: float(formula(*_cut(columns, rows)).sum()), len(columns[0]))
    try:
        return math.fsum(sums)
    except (OverflowError, ValueError):  # it does not fit, or is made of infinities of both signs
        return math.inf


def largest(formula: Callable[..., Floats], *columns: NDArray[Any]) -> float:
    """The largest of what a formula gives for each row of the columns; 0 for no rows."""
    return max(each(lambda rows: float(formula(*_cut(columns, rows)).max()), len(columns[0])), default=0.0)


def _cut(columns: tuple[NDArray[Any], ...], rows: slice) -> Iterator[NDArray[Any]]:
    return (column[rows] for column in columns)


def _of(work: Callable[[slice], T], rows: slice) -> Callable[[], T]:
    return lambda: work(rows)


def _work_through(tasks: list[Callable[[], T]], left: Iterator[int], found: list[Any]) -> None:
    for number in left:
        found[number] = tasks[number]()


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of this process beside the one that asks; threads do not survive a fork, hence the number."""
    return ThreadPoolExecutor(max(1, _THREADS - 1), thread_name_prefix=f"blocks-{process}")
