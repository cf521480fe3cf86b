"""The read file: what it costs to build, to open and to hold; a key through a thousand versions."""

from __future__ import annotations

import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.line import Line
from benchmarks.stores import START, STEPS, contract_source, make_frame, make_store
from estimates import Store
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.keys.key_form import KeyForm
from estimates.keys.search_key import SearchKey
from estimates.lookup import read_file, read_file_writing

NAME = "bench"
CONTRACT = parse_contract(contract_source(NAME, "integer"))
ASKED = 50_000
ROUNDS = 5
HISTORY_KEYS = 20_000
_held: list[read_file.ReadFile] = []  # of a process that tells what it costs to hold them


def reading(folder: Path, rows: int) -> Iterator[Line]:
    """All there is to measure of a read file of so many rows, and of a history that long in
    proportion.
    """
    path = folder / "many.lookup"
    yield from building(folder, path, rows)
    yield from opening(path, rows)
    yield from holding(path, rows)
    yield from histories(folder / "store", min(1000, rows // 10_000))


def building(folder: Path, path: Path, rows: int) -> Iterator[Line]:
    """Building against writing Parquet, one after the other, and the memory it takes, the frame
    included.
    """
    parquet = folder / "many.parquet"
    frame = make_frame(rows)
    ratios: list[float] = []
    for _ in range(3):
        write = _seconds(lambda: frame.write_parquet(parquet))
        ratios.append(_seconds(lambda: build(frame, path)) / write)
    yield Line(
        f"building {rows:,} rows / write_parquet", statistics.median(ratios), "×", 8.0, at_most=True
    )
    with _process() as other:
        peak = other.submit(_peak_of_building, parquet, path).result()
    yield Line("peak memory of building / the frame", peak, "×", 3.0, at_most=True)


def opening(path: Path, rows: int) -> Iterator[Line]:
    """Opening the file and looking up one key."""
    key = _keys(rows, 1)[0]
    taken = statistics.median(
        _seconds(lambda: read_file.ReadFile(path, NAME).get(key)) for _ in range(ROUNDS)
    )
    yield Line(f"opening {rows:,} rows and looking up one", taken * 1e3, "ms", 100.0, at_most=True)


def holding(path: Path, rows: int) -> Iterator[Line]:
    """What two processes that look up the same keys hold for themselves, and what they share."""
    keys = _keys(rows, ASKED)
    with ExitStack() as stack:
        both = [stack.enter_context(_process()) for _ in range(2)]
        before = [process.submit(_memory).result() for process in both]
        for process in both:
            process.submit(_hold, path, keys).result()
        after = [process.submit(_memory).result() for process in both]
    grown = [
        {kind: new[kind] - old[kind] for kind in new}
        for old, new in zip(before, after, strict=True)
    ]
    private, shared = (max(process[kind] for process in grown) for kind in ("Private", "Shared"))
    yield Line(f"private memory for {rows:,} rows", private, "MB", 50.0, at_most=True)
    yield Line("of what is mapped, shared by two processes", shared / (shared + private), "×", 0.5)


def histories(root: Path, versions: int) -> Iterator[Line]:
    """One key through many versions, in a process that has read the catalog and opened no file."""
    store = make_store(root)
    store.define(CONTRACT, contract_source(NAME, "integer"))
    for number in range(1, versions + 1):
        provenance = Provenance(START + timedelta(hours=number), f"run-{number}")
        frame = make_frame(HISTORY_KEYS, number)
        of = store.lookups.known.get(store.publish(NAME, frame, provenance))
        store.lookups.make(of, 0, frame)  # as if promoted
    for path in root.glob("sets/*/reads/*/*.lookup"):
        path.read_bytes()  # into the machine's memory, whatever it has dropped meanwhile
    with _process() as other:
        first, warm, plain, descriptors = other.submit(_history, root).result()
    what = f"history over {versions:,} versions of {HISTORY_KEYS:,} keys"
    beside = f"reading 4 kB of each of their files ({plain * 1e3:.3g} ms)"
    text = f"{what}, the first ({first * 1e3:.3g} ms) / {beside}"
    yield Line(text, first / plain, "×", 20.0, at_most=True)
    text = f"{what}, the next ({warm * 1e3:.3g} ms) / {beside}"
    yield Line(text, warm / plain, "×", 1.0, at_most=True)
    yield Line("file descriptors that a history adds", descriptors, "", 64.0, at_most=True)


def build(frame: pl.DataFrame, path: Path) -> None:
    """Build a read file of a frame."""
    read_file_writing.build(frame, CONTRACT.shape(), NAME, path)


def _keys(rows: int, count: int) -> list[SearchKey]:
    """Keys of random rows of `make_frame`."""
    form, chosen = KeyForm(CONTRACT), random.Random(1)
    numbers = (chosen.randrange(rows) for _ in range(count))
    texts = [(f"K{number // STEPS:08d}", str(number % STEPS)) for number in numbers]
    return [*form.search_many(texts)]


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# -- in a process of its own
# -------------------------------------------------------------------------------------------


def _process() -> ProcessPoolExecutor:
    """A new process: a fork of one that has used polars hangs."""
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


def _peak_of_building(parquet: Path, path: Path) -> float:
    """The most memory that building took, the frame included, divided by the frame."""
    frame = pl.read_parquet(parquet)
    Path("/proc/self/clear_refs").write_text("5")  # what the peak was until now is forgotten
    before = _status()["VmRSS"]
    build(frame, path)
    size = frame.estimated_size() / 1e6
    return (size + _status()["VmHWM"] - before) / size


def _hold(path: Path, keys: list[SearchKey]) -> None:
    opened = read_file.ReadFile(path, NAME)
    for key in keys:
        opened.get(key)
    _held.append(opened)


def _memory() -> dict[str, float]:
    """MB of this process that no other has, and that others have too."""
    lines = _megabytes(Path("/proc/self/smaps_rollup"))
    return {kind: lines[f"{kind}_Clean"] + lines[f"{kind}_Dirty"] for kind in ("Private", "Shared")}


def _status() -> dict[str, float]:
    return _megabytes(Path("/proc/self/status"))


def _megabytes(path: Path) -> dict[str, float]:
    words = [line.split() for line in path.read_text().splitlines()]
    return {
        fields[0].rstrip(":"): int(fields[1]) * 1024 / 1e6 for fields in words if fields[-1] == "kB"
    }


def _history(root: Path) -> tuple[float, float, float, int]:
    """Seconds of the first history and of the next ones, of opening and reading the files plainly,
    and the descriptors that came with the first.
    """
    files = sorted(str(path) for path in root.glob("sets/*/reads/*/*.lookup"))
    plain = statistics.median(_seconds(lambda: _read_a_bit(files)) for _ in range(ROUNDS))
    store = Store(root)
    reader: Any = store.reader()
    key = ("K00000077", 7)
    before = len(os.listdir("/proc/self/fd"))
    first = _seconds(lambda: reader.history(NAME, key))
    after = len(os.listdir("/proc/self/fd"))
    return (
        first,
        statistics.median(_seconds(lambda: reader.history(NAME, key)) for _ in range(ROUNDS)),
        plain,
        after - before,
    )


def _read_a_bit(files: list[str]) -> None:
    for file in files:
        with open(file, "rb", buffering=0) as opened:
            opened.read(4096)
