"""The stores that the benchmarks read from, made with the library as a job would make them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

import estimates_migrations
from estimates import Store
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.store.open_store import catalog_url

STEPS = 10
FIRST_DAY = date(2026, 11, 23)
START = datetime(2026, 1, 1, tzinfo=UTC)


def contract_source(name: str, second: str) -> str:
    """A contract with a string key and a second one of a type, a value and an interval."""
    return f"""
name = "{name}"
[key.name]
type = "string"
[key.step]
type = "{second}"
[columns.value]
[columns.lower_80]
role = "lower"
level = 0.8
[columns.upper_80]
role = "upper"
level = 0.8
"""


def make_frame(rows: int, seed: int = 1, second: str = "integer") -> pl.DataFrame:
    """A conformed frame: names of STEPS rows each, three floats that another seed changes a
    little.
    """
    value = np.random.default_rng(0).lognormal(3, 1, rows)
    value *= 1 + 1e-3 * np.random.default_rng(seed).standard_normal(rows)
    number = np.arange(rows)
    step = pl.Series(number % STEPS)
    return pl.DataFrame(
        {
            "name": "K" + pl.Series(number // STEPS).cast(pl.String).str.zfill(8),
            "step": step if second == "integer" else _days(step),
            "value": value,
            "lower_80": value * 0.9,
            "upper_80": value * 1.1,
        }
    )


def _days(step: pl.Series) -> pl.Series:
    return pl.select(pl.lit(FIRST_DAY) + pl.duration(days=pl.lit(step))).to_series()


def path_of(name: str, number: int, second: str = "integer") -> str:
    """The path of the estimate in a row of `make_frame`."""
    step = number % STEPS
    text = str(step) if second == "integer" else str(FIRST_DAY + timedelta(days=step))
    return f"/v1/sets/{name}/estimates/K{number // STEPS:08d}/{text}"


def make_store(root: Path) -> Store:
    """A new, empty store."""
    root.mkdir(parents=True)
    estimates_migrations.upgrade(catalog_url(root, None))
    return Store(root, actor="bench")


def add_set(
    store: Store, name: str, frames: Iterable[pl.DataFrame], second: str = "integer"
) -> None:
    """A set with a version for each frame, each promoted."""
    text = contract_source(name, second)
    store.define(parse_contract(text), text)
    for number, frame in enumerate(frames, start=1):
        provenance = Provenance(START + timedelta(hours=number), f"run-{number}")
        store.publish(name, frame, provenance)
        store.judge(name, number)
        store.promote(name, number, reason="bench")


def three_columns(name: str) -> str:
    """The contract of a set of three numbers for each of many integers."""
    return f"""
name = "{name}"
[key.id]
type = "integer"
[columns.a]
[columns.b]
[columns.c]
[gate]
promote = "automatic"
[gate.checks.unchanged]
severity = "report"
"""
