"""Stability through time: the series over a year of promotions, computed and kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.line import Line
from benchmarks.stores import add_set, make_frame, make_store
from estimates import Store

KEYS = 20_000
PAIRS = 365
ROUNDS = 5


def series(folder: Path, pairs: int) -> Iterator[Line]:
    """So many moves of production of a set with a point and an interval: nothing kept, then all
    kept.

    The targets are those of PAIRS moves; of fewer it may take as much less.
    """
    store = make_store(folder / "store")
    add_set(store, "bench", (make_frame(KEYS, seed) for seed in range(1, pairs + 2)))
    cold: list[float] = []
    warm: list[float] = []
    for _ in range(ROUNDS):
        shutil.rmtree(store.reports.folder, ignore_errors=True)
        cold.append(_seconds(store, pairs))
        warm.append(_seconds(store, pairs))
    part, what = pairs / PAIRS, f"series over {pairs} moves of production of {KEYS:,} keys"
    yield Line(f"{what}, the best of {ROUNDS}, computed", min(cold), "s", 3.0 * part, at_most=True)
    yield Line(
        f"{what}, the best of {ROUNDS}, kept", min(warm) * 1000, "ms", 50.0 * part, at_most=True
    )


def _seconds(store: Store, pairs: int) -> float:
    """How long a new reader of the store takes."""
    reader = Store(store.root)
    reader.view()
    start = time.perf_counter()
    report = reader["bench"].stability(PAIRS)
    taken = time.perf_counter() - start
    assert len(report.pairs) == pairs
    reader.catalog.engine.dispose()
    return taken
