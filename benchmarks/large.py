"""A set of many keys, step by step: how long each takes, how much memory, what it writes.

`python -m benchmarks.large --rows 100000000`; each step is a process of its own, whose largest
resident memory is taken. What a step compares is what production serves. The night is what a run
does from a frame in memory until a replica without a cache answers for the new version.
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

from benchmarks.stores import START, make_store
from estimates import Store
from estimates.catalog.records import InputDigest, Provenance
from estimates.compare.queries import DiffQuery
from estimates.contract.contract_file import parse_contract
from estimates.store.partial_update import Changes
from estimates.store.publish import commit

NAME = "large"
SOURCE = f"""
name = "{NAME}"
[key.id]
type = "integer"
[columns.a]
[columns.b]
[columns.c]
[gate.checks.unchanged]
severity = "report"
"""
CHANGED = 1_000
STEPS = (
    "publish",
    "judge",
    "promote",
    "publish changes",
    "judge changes",
    "promote changes",
    "diff of these",
    "lookup, no cache",
)
NIGHT = ("publish all", "judge all", "promote all", "lookup, no cache")


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
        steps = [*STEPS, *NIGHT] if chosen.night else STEPS
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
        return lambda: commit(store, NAME, frame, _provenance(1))
    if step == "publish all":
        frame = _frame(rows, 2)
        return lambda: commit(store, NAME, frame, _provenance(number + 1))
    if step == "publish changes":
        frame = _frame(rows, 1).slice(rows // 2, CHANGED).with_columns(pl.col("a") * 1.0013)
        return lambda: commit(store, NAME, frame, _provenance(2), changes=Changes(1))
    if step.startswith("judge"):
        return lambda: store.judge(NAME, number)
    if step.startswith("promote"):
        return lambda: store.promote(NAME, number, reason="benchmark")
    if step == "diff of these":
        return lambda: store.compare(NAME, DiffQuery(1, 2)).report()
    cold = Store(store.root, cache=Path(store.root).parent / f"cold-{number}")
    return lambda: cold[NAME].get(str(rows // 2))


def _frame(rows: int, seed: int) -> pl.DataFrame:
    """Sorted by key; another seed moves all values by a little."""
    random = np.random.default_rng(0)
    values = {name: random.normal(100, 1, rows) for name in "abc"}
    if seed > 1:
        moved = np.random.default_rng(seed)
        for column in values.values():
            column *= moved.normal(1, 0.001, rows)
    return pl.DataFrame({"id": np.arange(rows), **values})


def _provenance(number: int) -> Provenance:
    inputs = (InputDigest("file", "made", "0" * 64),)
    return Provenance(START + timedelta(hours=number), f"run-{number}", inputs=inputs)


def _size(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
