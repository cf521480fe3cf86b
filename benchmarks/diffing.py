"""The stability report of two Parquet files: against a bare join of them, against datacompy, and as
the files grow.

python -m benchmarks.diffing A B          makes the report of two files, and prints the process's
peak memory in bytes
python -m benchmarks.diffing A B ROUNDS   prints the fewest seconds that `estimates.diff` takes for
two frames in memory
                                          and their key, up to a page of text; reading the files
                                          does not count
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl

import estimates
from benchmarks.line import Line
from benchmarks.stores import START, contract_source, make_frame, make_store
from estimates.catalog.records import Provenance
from estimates.compare.queries import DiffQuery
from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.pages.report_text import render_text
from estimates.stability.report import Report
from estimates.storage.snapshot import ROW_GROUP_ROWS

ROUNDS = 4
CONTRACT = parse_contract(contract_source("bench", "integer") + '[stability]\ngroups = ["step"]\n')
PYTHON_OF_DATACOMPY = Path(__file__).parent.parent / ".venv-datacompy" / "bin" / "python"
Pair = tuple[Path, Path]


def reports(folder: Path, rows: int) -> Iterator[Line]:
    """Every promise about reports; `rows` is the number of keys of each version."""
    same = write(folder / "same", make_frame(rows, 1), make_frame(rows, 2))
    others = write(folder / "others", *_without_some(*same))
    yield from _against_a_join(same, others)
    yield Line(
        f"peak memory of a report of {rows:,} keys", _alone(same) / 1e9, "GB", 6.0, at_most=True
    )
    yield Line(
        f"peak memory, 5 % of {rows:,} keys added and removed",
        _alone(others) / 1e9,
        "GB",
        6.0,
        at_most=True,
    )
    yield from _against_datacompy(folder, 1_000_000)
    yield _of_one_snapshot(folder, rows)
    yield from _growth(folder, rows)


def _against_a_join(same: Pair, others: Pair) -> Iterator[Line]:
    join, full, head = fewest(
        lambda: _join(same), lambda: report(same), lambda: report(same, headline_only=True)
    )
    yield Line(
        f"report, the same keys ({full:.2f} s) / a bare DuckDB join ({join:.2f} s)",
        full / join,
        "×",
        4.0,
        True,
    )
    yield Line(
        f"headline alone ({head:.2f} s) / a bare DuckDB join ({join:.2f} s)",
        head / join,
        "×",
        1.25,
        True,
    )
    join, full = fewest(lambda: _join(others), lambda: report(others))
    what = (
        f"report, 5 % of keys added and removed ({full:.2f} s) / a bare DuckDB join ({join:.2f} s)"
    )
    yield Line(what, full / join, "×", 6.0, at_most=True)


def _against_datacompy(folder: Path, rows: int) -> Iterator[Line]:
    """Both get two frames in memory, their key and one tolerance, and end with a page of text; ours
    has all metrics.

    Each has a process of its own, and several of them in turns: where memory lies differs between
    processes.
    """
    files = write(folder / "datacompy", make_frame(rows, 1), make_frame(rows, 2))
    script, policy = Path(__file__).parent / "peers" / "datacompy_compare.py", CONTRACT.stability
    command = [
        PYTHON_OF_DATACOMPY,
        script,
        *files,
        str(ROUNDS),
        str(policy.rtol),
        str(policy.atol),
        *CONTRACT.key,
    ]
    theirs, ours = zip(
        *((_printed(command), _alone(files, ROUNDS)) for _ in range(ROUNDS)), strict=True
    )
    what = f"datacompy, {rows:,} keys ({min(theirs):.3f} s) / estimates.diff ({min(ours):.3f} s)"
    yield Line(what, min(theirs) / min(ours), "×", 3.0)


def _of_one_snapshot(folder: Path, rows: int) -> Line:
    """Two versions that name one snapshot, in a store."""
    taken: list[float] = []
    for count in (rows, 1000):
        store = make_store(folder / f"store-{count}")
        store.define(
            CONTRACT, contract_source("bench", "integer") + '[stability]\ngroups = ["step"]\n'
        )
        frame = make_frame(count)
        for number in (1, 2):
            store.publish("bench", frame, Provenance(START, f"run-{number}"))
        taken += fewest(lambda store=store: store.compare("bench", DiffQuery(1, 2)).report())
    what = (
        f"one snapshot twice, {rows:,} keys ({1e3 * taken[0]:.2f} ms) / "
        f"1,000 keys ({1e3 * taken[1]:.2f} ms)"
    )
    return Line(what, taken[0] / taken[1], "×", 2.0, at_most=True)


def _growth(folder: Path, rows: int) -> Iterator[Line]:
    """Ten times the keys, ten times the time; some more is noise and caches that get too small."""
    before: float | None = None
    for keys in (rows // 1000, rows // 100, rows // 10, rows):
        files = write(folder / "growth", make_frame(keys, 1), make_frame(keys, 2))
        (taken,) = fewest(lambda files=files: report(files))
        if before is not None:
            what = (
                f"report of {keys:,} keys ({1e3 * taken:,.0f} ms) / "
                f"of a tenth of them ({1e3 * before:,.0f} ms)"
            )
            yield Line(what, taken / before, "×", 13.0, at_most=True)
        before = taken


def write(folder: Path, a: pl.DataFrame, b: pl.DataFrame) -> Pair:
    """Two files as a store writes them."""
    folder.mkdir(exist_ok=True)
    for name, frame in (("a", a), ("b", b)):
        frame.write_parquet(folder / name, compression="zstd", row_group_size=ROW_GROUP_ROWS)
    return folder / "a", folder / "b"


def _without_some(*files: Path) -> list[pl.DataFrame]:
    """Each file without 5 % of its keys, others in each."""
    frames = [pl.read_parquet(file) for file in files]
    return [frame.filter(frame["name"].hash(seed) % 20 != 0) for seed, frame in enumerate(frames)]


def report(files: Pair, *, headline_only: bool = False) -> Report:
    a, b = (pl.read_parquet(file) for file in files)
    return diff(a, b, CONTRACT, headline_only=headline_only)


def _join(files: Pair) -> object:
    query = (
        "SELECT count(*), avg(abs(a.value - b.value)), quantile_cont(abs(a.value - b.value), [0.5, "
        "0.9, 0.99]) "
        f"FROM read_parquet('{files[0]}') a FULL OUTER JOIN read_parquet('{files[1]}') b USING "
        "(name, step)"
    )
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def _alone(files: Pair, *rounds: int) -> float:
    """What a process of its own says of two files: the peak memory of a report, or with rounds the
    fewest seconds.
    """
    return _printed([sys.executable, "-m", "benchmarks.diffing", *files, *map(str, rounds)])


def _printed(command: Sequence[str | Path]) -> float:
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def fewest(*works: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The fewest seconds of each, in turns, so that all of them meet the same noise."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for seconds, work in zip(taken, works, strict=True):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
    return [min(seconds) for seconds in taken]


def _main(first: str, second: str, *rounds: str) -> None:
    a, b = (pl.read_parquet(file) for file in (first, second))
    if rounds:
        policy, key = CONTRACT.stability, list(CONTRACT.key)
        (seconds,) = fewest(
            lambda: render_text(estimates.diff(a, b, key=key, rtol=policy.rtol, atol=policy.atol)),
            rounds=int(rounds[0]),
        )
        print(seconds)
    else:
        diff(a, b, CONTRACT)
        # getrusage would count what the process had that started this one
        peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
        print(int(peak) * 1024)


if __name__ == "__main__":
    _main(*sys.argv[1:])
