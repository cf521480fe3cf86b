"""Measure what the library does against the obvious other way, on the same rows in the same run."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import duckdb
import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from estimates import lookup, stability
from estimates.contract import parse_contract

CONTRACT = parse_contract("""
name = "bench"
[key.name]
type = "string"
[key.step]
type = "integer"
[columns.value]
[columns.lower_80]
role = "lower"
level = 0.8
[columns.upper_80]
role = "upper"
level = 0.8
""")
STEPS = 10
ROUNDS = 5


def make_frame(rows: int, seed: int) -> pl.DataFrame:
    """A conformed frame of `rows` rows: a string and an integer key, three floats."""
    value = np.random.default_rng(seed).lognormal(3, 1, rows)
    number = np.arange(rows)
    names = pl.Series(number // STEPS).cast(pl.String).str.zfill(8)
    return pl.DataFrame(
        {
            "name": "K" + names,
            "step": number % STEPS,
            "value": value,
            "lower_80": value * 0.9,
            "upper_80": value * 1.1,
        }
    )


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median duration of some rounds, after one that does not count."""
    work()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def measure_reading(frame: pl.DataFrame, folder: Path, table: Table) -> None:
    """Building the read file against writing Parquet; one lookup against DuckDB and polars on the same keys."""
    path, parquet = folder / "bench.lookup", folder / "bench.parquet"
    shape, judged = CONTRACT.shape(), CONTRACT.judged
    build = seconds(lambda: lookup.build(frame, shape, judged, "bench", path), 1)
    write = seconds(lambda: frame.write_parquet(parquet, compression="zstd"), 3)
    report(table, "build the read file", build, "polars write_parquet", write)

    opened = lookup.Lookup(path, "bench")
    numbers = random.Random(1).sample(range(frame.height), 2000)
    keys = [(name, str(step)) for name, step in frame[numbers].select("name", "step").rows()]
    one = seconds(lambda: [opened.get(key) for key in keys]) / len(keys)
    few = keys[:20]
    with duckdb.connect() as connection:
        query = f"SELECT * FROM read_parquet('{parquet}') WHERE name = ? AND step = ?"
        duck = seconds(lambda: [connection.execute(query, [n, int(s)]).fetchall() for n, s in few], 3) / len(few)
    report(table, "one lookup", one, "DuckDB over Parquet", duck)
    match = [(pl.col("name") == name) & (pl.col("step") == int(step)) for name, step in few]
    scan = seconds(lambda: [frame.filter(condition).rows() for condition in match], 3) / len(few)
    report(table, "one lookup", one, "polars filter in memory", scan)
    partial = seconds(lambda: [opened.read(opened.find(key[:1])) for key in keys[:500]]) / 500
    report(table, f"a partial key, {STEPS} rows", partial, "one lookup", one)


def measure_diff(frame: pl.DataFrame, folder: Path, table: Table) -> None:
    """The stability report against a bare full outer join that computes a few numbers of one difference."""
    other = make_frame(frame.height, 2)
    for name, side in (("a", frame), ("b", other)):
        side.write_parquet(folder / f"{name}.parquet")
    join = (
        f"SELECT count(*), avg(abs(a.value - b.value)), quantile_cont(abs(a.value - b.value), [0.5, 0.9, 0.99]) "
        f"FROM read_parquet('{folder}/a.parquet') a FULL OUTER JOIN read_parquet('{folder}/b.parquet') b "
        "USING (name, step)"
    )
    with duckdb.connect() as connection:
        bare = seconds(lambda: connection.execute(join).fetchall(), 3)
    report(table, "stability report", seconds(lambda: stability.diff(frame, other, CONTRACT), 3), "DuckDB join", bare)


def report(table: Table, ours: str, took: float, theirs: str, took_other: float) -> None:
    """One row of the table; times in milliseconds."""
    table.add_row(ours, f"{took * 1e3:,.4f}", theirs, f"{took_other * 1e3:,.4f}", f"{took / took_other:.4g}")


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of a snapshot.")
def main(rows: int) -> None:
    """Print a table of ratios: ours divided by the other way's, smaller is better."""
    table = Table("what", "ms", "against", "ms", "ratio", title=f"{rows:,} rows")
    for column in (1, 3, 4):
        table.columns[column].justify = "right"
    frame = make_frame(rows, 1)
    with tempfile.TemporaryDirectory() as folder:
        measure_reading(frame, Path(folder), table)
        measure_diff(frame, Path(folder), table)
    Console().print(table)


if __name__ == "__main__":
    main()
