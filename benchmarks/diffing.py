"""The stability report of two snapshots against a bare join that computes a few numbers of one difference."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from benchmarks.line import Line
from benchmarks.stores import contract_source, make_frame
from estimates import stability
from estimates.contract import parse_contract

ROUNDS = 3


def reports(folder: Path, rows: int) -> Iterator[Line]:
    """The whole report of two versions with the same keys."""
    contract = parse_contract(contract_source("bench", "integer"))
    a, b = make_frame(rows, 1), make_frame(rows, 2)
    for name, frame in (("a", a), ("b", b)):
        frame.write_parquet(folder / f"{name}.parquet")
    join = (
        f"SELECT count(*), avg(abs(a.value - b.value)), quantile_cont(abs(a.value - b.value), [0.5, 0.9, 0.99]) "
        f"FROM read_parquet('{folder}/a.parquet') a FULL OUTER JOIN read_parquet('{folder}/b.parquet') b "
        "USING (name, step)"
    )
    with duckdb.connect() as connection:
        bare = _seconds(lambda: connection.execute(join).fetchall())
    ours = _seconds(lambda: stability.diff(a, b, contract))
    what = f"stability report of {rows:,} keys ({ours:.2f} s) / a bare DuckDB join ({bare:.2f} s)"
    yield Line(what, ours / bare, "×", 4.0, at_most=True)


def _seconds(work: Callable[[], object]) -> float:
    """The median duration of some rounds, after one that does not count."""
    work()
    taken: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
