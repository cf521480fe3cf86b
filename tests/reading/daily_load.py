"""A set whose targets roll on: a version a day, each about the four days after it, as it was
released in 2024.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from tests.builders import START, make_store, provenance

SOURCE = """\
name = "load"
timezone = "Europe/Berlin"
[key.zone]
type = "string"
[key.day]
type = "date"
target = true
[columns.mw]
[columns.note]
role = "attribute"
type = "string"
nullable = true
[gate.checks]
removed_keys.off = "test"
added_keys.off = "test"
"""
FIRST = date(2024, 3, 25)  # the clocks change on the 31st
DAY = timedelta(days=1)
RUNS = 6


def rows_of(run: int) -> pl.DataFrame:
    """Version `run` is about the four days after it; its value says which it is."""
    days = [FIRST + (run + step) * DAY for step in range(4)]
    keys = [(zone, day) for zone in ("N", "S") for day in days]
    return pl.DataFrame(
        {
            "zone": [zone for zone, _ in keys],
            "day": [day for _, day in keys],
            "mw": [100.0 + run + (day - FIRST).days / 10 for _, day in keys],
            "note": pl.Series([None] * len(keys), dtype=pl.String),
        }
    )


def released(run: int) -> datetime:
    """When version `run` came out: at noon of the day before its first one."""
    return datetime(2024, 3, 24, 12, tzinfo=UTC) + (run - 1) * DAY


def daily_load(folder: Path) -> Store:
    """A store with the six versions, all of which were in production."""
    store = make_store(folder)
    store.define(parse_contract(SOURCE), SOURCE)
    for run in range(1, RUNS + 1):
        known = provenance(f"run {run}", (released(run) - START).days)
        store.publish("load", rows_of(run), known, released_at=released(run))
        store.judge("load", run)
        store.promote("load", run, reason="test")
    return store
