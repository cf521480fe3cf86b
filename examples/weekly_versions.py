"""Two years of the example set: a version for each of the last 104 whole weeks of prices, one after
another.

    python examples/weekly_versions.py FOLDER [WEEKS]

The contract is the example's with limits for weeks, in which prices move more than in a day, and
with data of ten days at most: the store is stale, since its prices end in 2022. Each run sees the
prices up to the last session of its week, and nothing later. The same command again
goes on where it stopped. docs/stability.md and docs/gate.md show what the tools say about these
versions.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from estimates.contract.contract_file import parse_contract
from estimates.settings import Settings
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import open_store
from estimates_jobs.cli.interface.new_store import make_folder, make_store
from estimates_jobs.run import runner

SET = "sp500-close"
WEEKS = 104
# its prices are named from the folder that holds `examples/`
CONTRACT = "examples/sp500-close.toml"
ACTUAL, ACTUAL_CONTRACT = "sp500-actual", "examples/sp500-actual.toml"
PRICES = "examples/sp500_daily_close.parquet"
DAILY_PROMISE = 'cadence = "1d"                     # a version a trading day'
WEEKLY_PROMISE = 'cadence = "7d"\nmax_age = "10d"'
WEEKLY = """
[gate.checks.freshness]
severity = "report"                # the versions are made long after their weeks

[gate.checks.median_shift]
warn = 0.05
block = 0.1

[gate.checks.z_beyond_one]
warn = 0.5
block = 0.8

[gate.checks.outside_old_interval]
warn = 0.5
block = 0.8
"""


def last_sessions(weeks: int) -> list[date]:
    """The last trading day of each of the newest whole weeks, oldest first."""
    days = pl.read_parquet(PRICES).select(pl.col("date").unique().sort())
    newest = days.item(-1, 0)
    last = (
        days.group_by(pl.col("date").dt.truncate("1w").alias("monday"))
        .agg(pl.col("date").max())
        .sort("monday")
    )
    whole = last.filter(pl.col("monday") + timedelta(days=4) <= newest)
    return whole.get_column("date").tail(weeks).to_list()


def main(folder: str, weeks: int) -> None:
    """Make the versions."""
    settings = Settings(store=folder, actor="examples")
    if not (Path(folder) / "catalog.db").exists():
        make_folder(Path(folder))
        make_store(settings)
    store = open_store(settings)
    source = Path(CONTRACT).read_text()
    assert DAILY_PROMISE in source, "the example's contract promises a version a day"
    source = source.replace(DAILY_PROMISE, WEEKLY_PROMISE) + WEEKLY
    store.define(parse_contract(source, CONTRACT), source)
    for day in last_sessions(weeks):
        done, _ = runner.run(store, SET, data_through=str(day), run_id=f"week-{day}")
        print(
            f"{day}  version {done.version:>3}  {done.verdict:<5} "
            f"{done.not_promoted_because or 'promoted'}"
        )
    observe(store)


def observe(store: Store) -> None:
    """Publish what the prices turned out to be, and score all versions against it."""
    source = Path(ACTUAL_CONTRACT).read_text()
    store.define(parse_contract(source, ACTUAL_CONTRACT), source)
    newest = pl.read_parquet(PRICES).get_column("date").max()
    runner.run(store, ACTUAL, data_through=str(newest), run_id=f"closes-{newest}")
    scored = store[SET].score(store[ACTUAL].frame())
    print(f"{len(scored.stored)} versions scored against {ACTUAL}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else WEEKS)
