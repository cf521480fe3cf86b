"""Stability through time: the series over a year of promotions, computed and kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import polars as pl

from benchmarks.line import Line
from benchmarks.stores import add_set, make_frame, make_store
from estimates import Store

KEYS = 20_000
PAIRS = 365
ROUNDS = 5


def series(folder: Path, pairs: int) -> Iterator[Line]:
    """So many moves of production of a set with a point and an interval: nothing kept, then all
    kept.

    Beside it both files of each pair are read by polars, and one column compared.
    """
    store = make_store(folder / "store")
    add_set(store, "bench", (make_frame(KEYS, seed) for seed in range(1, pairs + 2)))
    cold: list[float] = []
    warm: list[float] = []
    plain: list[float] = []
    files = sorted(Path(store.root).glob("sets/bench/parts/*.parquet"))
    for _ in range(ROUNDS):
        shutil.rmtree(store.reports.folder, ignore_errors=True)
        cold.append(_seconds(store, pairs))
        warm.append(_seconds(store, pairs))
        plain.append(_plainly(files))
    what = f"series over {pairs} moves of production of {KEYS:,} keys"
    beside = f"reading and subtracting each pair ({min(plain):.3g} s)"
    for taken, how, target in ((cold, "computed", 3.5), (warm, "kept", 0.05)):
        text = f"{what}, the best of {ROUNDS}, {how} ({min(taken):.3g} s) / {beside}"
        yield Line(text, min(taken) / min(plain), "×", target, at_most=True)


def _plainly(files: list[Path]) -> float:
    """How long polars takes to read each two files and to tell how far a column moved."""
    start = time.perf_counter()
    for old, new in pairwise(files):
        (pl.read_parquet(new)["value"] - pl.read_parquet(old)["value"]).abs().quantile(0.95)
    return time.perf_counter() - start


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
