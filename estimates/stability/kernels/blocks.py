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
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

BLOCK, _LONGEST = 1 << 15, 1 << 17  # rows; 256 kB and 1 MB of doubles
_LONG = 4 * BLOCK  # rows below which threads do not pay
_THREADS = os.cpu_count() or 1
_PIECE = 31 << 20  # bytes
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
T = TypeVar("T")


def block_size(rows: int) -> int:
    """The rows of a block of a column of that many: a power of two, at least four blocks where that
    makes sense.
    """
    return min(max(BLOCK, 1 << (rows // 4).bit_length() - 1), _LONGEST) if rows >= _LONG else BLOCK


def each_block(work: Callable[[slice], T], rows: int, size: int | None = None) -> list[T]:
    """What `work` gives for each block of `size` rows, or of `size_of_block`, in the order of the
    rows.
    """
    size = size or block_size(rows)
    if rows >= _LONG:
        _keep_freed_memory()
    return run_parallel(
        [_of(work, slice(start, min(start + size, rows))) for start in range(0, rows, size)], rows
    )


def run_parallel(tasks: list[Callable[[], T]], rows: int) -> list[T]:
    """What the tasks give, in their order; worked on by all processors when they are about many
    rows.
    """
    if rows < _LONG or _THREADS == 1:
        return [task() for task in tasks]
    results: list[Any] = [None] * len(tasks)
    left = iter(range(len(tasks)))  # shared: each number is taken by one thread
    pool = _pool(os.getpid())
    # with what `np.errstate` says here
    futures = [
        pool.submit(copy_context().run, _work_through, tasks, left, results)
        for _ in range(min(_THREADS, len(tasks)) - 1)
    ]
    try:
        _work_through(tasks, left, results)
    finally:
        for future in futures:
            if not future.cancel():  # a thread that came too late has nothing to do
                future.result()
    return results


def count_rows(test: Callable[[slice], Mask], rows: int) -> int:
    """In how many rows a test holds; `test` is asked block by block."""
    return sum(each_block(lambda block: int(np.count_nonzero(test(block))), rows))


def fill_column(formula: Callable[[slice], Floats], rows: int) -> Floats:
    """What a formula gives for each row, computed block by block."""
    result = np.empty(rows)

    def compute(block: slice) -> None:
        result[block] = formula(block)

    each_block(compute, rows)
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


def _work_through(tasks: list[Callable[[], T]], left: Iterator[int], results: list[Any]) -> None:
    for number in left:
        results[number] = tasks[number]()


@cache
def _keep_freed_memory() -> None:
    """Let glibc keep up to 62 MB a thread of freed memory for the next column; the kernel would
    clear each page anew.

    It gives back what exceeds twice the largest piece freed so far, and takes no piece over 32 MB
    for a measure. This one is never written to, so it costs nothing. With another C library nothing
    happens.
    """
    np.empty(_PIECE, dtype=np.uint8)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of this process beside the one that asks; threads do not survive a fork, hence
    the number.
    """
    return ThreadPoolExecutor(max(1, _THREADS - 1), thread_name_prefix=f"blocks-{process}")
