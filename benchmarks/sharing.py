"""Versions that share parts: what a change of a few rows, and of a few parts, costs beside a whole
version.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
import polars as pl

from benchmarks.line import Line
from benchmarks.stores import START, make_store, three_columns
from estimates import Store
from estimates.catalog.records import InputDigest, Provenance
from estimates.compare.shared_versions import VersionRows
from estimates.contract.contract_file import parse_contract
from estimates.store.partial_update import Changes
from estimates.store.publish import publish, publish_and_promote

NAME = "parts"
SOURCE = three_columns(NAME)
CHANGED = 1_000
ROUNDS = 3


def sharing(folder: Path, rows: int) -> Iterator[Line]:
    """Changes of neighbouring keys, of scattered ones, and a set of which one part changes."""
    store = make_store(folder / "store")
    store.define(parse_contract(SOURCE), SOURCE)
    frame = _frame(rows)
    _whole_way(store, frame)
    _whole_way(store, _moved(frame, rows // 2, 1), Changes(1))  # what parts hold is found out
    yield from _neighbours(store, frame)
    yield _judged(store)
    yield _scattered(store, frame)


def _neighbours(store: Store, frame: pl.DataFrame) -> Iterator[Line]:
    """From the rows that changed to a promoted version, and what it leaves on the disk."""
    rows = frame.height
    taken: list[float] = []
    busy: list[float] = []
    written: list[int] = []
    whole = _bytes(store)
    for number in range(ROUNDS):
        changes, before = _moved(frame, rows // 2, number + 2), _bytes(store)
        started = time.perf_counter()
        busy.append(_processor(lambda rows=changes: _whole_way(store, rows, Changes("production"))))
        taken.append(time.perf_counter() - started)
        written.append(_bytes(store) - before)
    what = (
        f"{CHANGED:,} neighbouring keys of {rows:,} changed, judged, promoted "
        f"({min(busy):.2f} s of processor)"
    )
    yield Line(what, min(taken), "s", 2.0, at_most=True)
    parts = len(_parts(store))
    what = f"bytes that this writes / of all {parts} parts, with read files and columns"
    yield Line(what, max(written) / whole, "×", 1.5 / parts, at_most=True)


def _judged(store: Store) -> Line:
    """A version beside production's, of which all parts but one are shared, with and without
    knowing it.
    """
    rows = store.resolve(NAME).rows
    changes = _frame(CHANGED).with_columns(pl.col("id") + rows // 2)
    _commit(store, changes, Changes("production"))
    number, parts = len(store[NAME].versions()), len(_parts(store))
    sparing = min(_processor(lambda: store.judge(NAME, number)) for _ in range(ROUNDS))
    with patch.object(VersionRows, "shared", return_value=None):
        by_all = _processor(lambda: store.judge(NAME, number))
    what = (
        f"judged, one of {parts} parts changed ({sparing:.2f} s of processor) / by all rows "
        f"({by_all:.2f} s)"
    )
    return Line(what, sparing / by_all, "×", 0.25, at_most=True)


def _scattered(store: Store, frame: pl.DataFrame) -> Line:
    """A version made of changes all over beside the same version made of all rows."""
    whole: list[float] = []
    changed: list[float] = []
    step = frame.height // CHANGED
    for number in range(ROUNDS):
        some = frame.gather_every(step).with_columns(pl.col("a") + (number + 1) / 10)
        changed.append(_processor(lambda some=some: _commit(store, some, Changes(1))))
        rows = frame.with_columns(pl.col("a") + (number + 1) / 10)
        whole.append(_processor(lambda rows=rows: _commit(store, rows)))
    what = (
        f"{CHANGED:,} scattered changes ({min(changed):.2f} s of processor) / the whole version "
        f"({min(whole):.2f} s)"
    )
    return Line(what, min(changed) / min(whole), "×", 1.2, at_most=True)


def _frame(rows: int) -> pl.DataFrame:
    random = np.random.default_rng(0)
    values = {name: np.round(random.normal(100, 1, rows), 4) for name in "abc"}
    return pl.DataFrame({"id": np.arange(rows), **values})


def _moved(frame: pl.DataFrame, at: int, number: int) -> pl.DataFrame:
    return frame.slice(at, CHANGED).with_columns(pl.col("a") + number / 10)


def _whole_way(store: Store, rows: pl.DataFrame, changes: Changes | None = None) -> None:
    done = publish_and_promote(
        store, NAME, rows, _provenance(store), changes=changes, on_step=lambda _step, _number: None
    )
    if done.not_promoted_because:
        raise SystemExit(done.not_promoted_because)


def _commit(store: Store, rows: pl.DataFrame, changes: Changes | None = None) -> None:
    publish(store, NAME, rows, _provenance(store), changes=changes)


def _provenance(store: Store) -> Provenance:
    number = len(store[NAME].versions()) + 1
    inputs = (InputDigest("file", "made", "0" * 64),)
    return Provenance(START + timedelta(hours=number), f"run-{number}", inputs=inputs)


def _parts(store: Store) -> tuple[object, ...]:
    return store.lookups.known.get(store.resolve(NAME)).parts


def _bytes(store: Store) -> int:
    """What the store and the cache of this machine take."""
    folders = {Path(store.root), store.cache}
    files = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return sum(path.stat().st_size for path in files)


def _processor(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
