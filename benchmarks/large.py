"""A set of many keys, step by step: how long each takes, how much memory, what it writes.

`python -m benchmarks.large --rows 100000000`; each step is a process of its own, whose largest
resident memory is taken. What a step compares is what production serves. With `--night` a version
of which all values changed comes after the first: from a frame in memory until a replica without a
cache answers for it. A version that the gate refuses ends all.

Values have four digits behind the point, as measurements do: 40 M keys wrote 5.4 GB,
so 100 M should take some 13 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from benchmarks.stores import START, make_store, three_columns
from estimates import Store
from estimates.catalog.records import InputDigest, Provenance
from estimates.compare.queries import DiffQuery
from estimates.contract.contract_file import parse_contract
from estimates.store.partial_update import Changes
from estimates.store.publish import publish, publish_and_promote

NAME = "large"
SOURCE = three_columns(NAME)
CHANGED = 1_000
DIGITS = 4
FIRST = ("publish", "judge", "promote")
CHANGES = ("publish changes", "judge changes", "promote changes", "diff of these")
AGAIN = ("publish changes", "judge changes", "promote changes")
NIGHT = ("publish, judge, promote all",)
LOOKUP = ("lookup, no cache",)


def main() -> None:
    """Print a line a step."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=100_000_000)
    options.add_argument("--night", action="store_true", help="a version of which all changed")
    options.add_argument("--folder", help="where the store is made; default: a temporary one")
    options.add_argument("--step", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.step:
        _timed(chosen.step, Path(chosen.folder), chosen.rows)
        return
    with TemporaryDirectory(dir=chosen.folder) as folder:
        make_store(Path(folder) / "store").define(parse_contract(SOURCE), SOURCE)
        print(f"| {chosen.rows:,} keys × 3 columns | s | peak GB | written GB |\n|---|---|---|---|")
        changed = NIGHT if chosen.night else (*CHANGES, *AGAIN)
        steps = [*FIRST, *changed, *LOOKUP]
        total = sum(_in_process(step, folder, chosen.rows) for step in steps)
        print(f"| all steps, frames made and programs started included | {total:.0f} | | |")


def _in_process(step: str, folder: str, rows: int) -> float:
    """Do a step in a process; gives its whole time."""
    before, started = _size(folder), time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.large", "--step", step, "--folder", folder]
    process = subprocess.Popen([*command, "--rows", str(rows)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seconds = process.stdout.read().strip()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{step} failed")
    written = (_size(folder) - before) / 1e9
    print(f"| {step} | {seconds} | {usage.ru_maxrss / 1e6:.2f} | {written:.2f} |", flush=True)
    return time.perf_counter() - started


def _timed(step: str, folder: Path, rows: int) -> None:
    store = Store(folder / "store", cache=folder / "cache", actor="benchmark")
    work = _work(step, store, rows)
    started = time.perf_counter()
    work()
    print(f"{time.perf_counter() - started:.2f}")


def _work(step: str, store: Store, rows: int) -> Callable[[], object]:
    """What a step does; what it needs, such as a frame, is made here."""
    number = len(store[NAME].versions())
    if step == "publish":
        frame = _frame(rows, 1)
        return lambda: publish(store, NAME, frame, _provenance(1))
    if step in NIGHT:
        frame = _frame(rows, 2)
        return lambda: _whole_way(store, frame, _provenance(number + 1))
    if step == "publish changes":
        frame = _frame(CHANGED, number + 1).with_columns(pl.col("id") + rows // 2)
        return lambda: publish(store, NAME, frame, _provenance(number + 1), changes=Changes(number))
    if step.startswith("judge"):
        return lambda: _judge(store, number)
    if step.startswith("promote"):
        return lambda: store.promote(NAME, number, automatic=True)
    if step == "diff of these":
        return lambda: store.compare(NAME, DiffQuery(number - 1, number)).report()
    cold = Store(store.root, cache=Path(store.root).parent / f"cold-{number}")
    return lambda: cold[NAME].get(str(rows // 2))


def _judge(store: Store, number: int) -> None:
    verdict = store.judge(NAME, number)
    if verdict.blocks:
        raise SystemExit(f"refused: {[check.name for check in verdict.failing()]}")


def _whole_way(store: Store, frame: pl.DataFrame, provenance: Provenance) -> None:
    """As a run does it, in one process."""
    publication = publish_and_promote(
        store, NAME, frame, provenance, on_step=lambda _step, _number: None
    )
    if publication.not_promoted_because:
        raise SystemExit(publication.not_promoted_because)


def _frame(rows: int, seed: int) -> pl.DataFrame:
    """Sorted by key; another seed moves all values by a little."""
    random, moved = np.random.default_rng(0), np.random.default_rng(seed)
    frame = pl.DataFrame({"id": np.arange(rows)})
    for name in "abc":  # one after the other: a step's peak is to be that of its work
        values = random.normal(100, 1, rows)
        if seed > 1:
            values *= moved.normal(1, 0.001, rows)
        frame = frame.with_columns(pl.Series(name, np.round(values, DIGITS, out=values)))
    return frame


def _provenance(number: int) -> Provenance:
    inputs = (InputDigest("file", "made", "0" * 64),)
    return Provenance(START + timedelta(hours=number), f"run-{number}", inputs=inputs)


def _size(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
