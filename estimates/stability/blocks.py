"""Work on long columns, block by block: a block fits the processor's cache, and threads take turns at the blocks.

NumPy lets go of the interpreter while it computes, so threads run side by side. Which thread computes a block changes
nothing: results come in the order of the blocks, and what is added up is added up in that order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

BLOCK = 1 << 15  # rows; 256 kB of doubles
_FEW = 4  # blocks below which starting threads does not pay
_THREADS = os.cpu_count() or 1
T = TypeVar("T")


def each(work: Callable[[slice], T], rows: int, size: int = BLOCK) -> list[T]:
    """What `work` gives for each block of `size` rows, in the order of the rows."""
    return together([_of(work, slice(start, min(start + size, rows))) for start in range(0, rows, size)])


def together(tasks: list[Callable[[], T]], few: int = _FEW) -> list[T]:
    """What the tasks give, in their order; in threads, unless there are fewer than `few`."""
    found: list[T | None] = [None] * len(tasks)
    if len(tasks) < few or _THREADS == 1:
        return [task() for task in tasks]
    left = iter(range(len(tasks)))  # shared: each number is taken by one thread
    with ThreadPoolExecutor(_THREADS - 1) as pool:
        others = [pool.submit(_work_through, tasks, left, found) for _ in range(min(_THREADS, len(tasks)) - 1)]
        _work_through(tasks, left, found)
        for other in others:
            other.result()
    return found  # type: ignore[return-value]


def _of(work: Callable[[slice], T], rows: slice) -> Callable[[], T]:
    return lambda: work(rows)


def _work_through(tasks: list[Callable[[], T]], left: Iterator[int], found: list[T | None]) -> None:
    for number in left:
        found[number] = tasks[number]()
