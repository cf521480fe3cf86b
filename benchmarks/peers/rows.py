"""The rows that every peer stores, and the keys that it is asked for."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

SET = "bench"
COLUMNS = ("value", "lower_80", "upper_80")
CONTRACT = """\
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
"""
STEPS = 10
# Feast keeps the newest row of a key by an event's time and wants such a column.
EVENT = datetime(2026, 11, 20, tzinfo=UTC)

Key = tuple[str, int]


def make_frame(rows: int) -> pl.DataFrame:
    """`rows` rows in key order: a string and an integer key, three floats."""
    value = np.random.default_rng(1).lognormal(3, 1, rows)
    number = np.arange(rows)
    names = "K" + pl.Series(number // STEPS).cast(pl.String).str.zfill(8)
    return pl.DataFrame(
        {
            "name": names,
            "step": number % STEPS,
            "value": value,
            "lower_80": value * 0.9,
            "upper_80": value * 1.1,
        }
    )


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """In key order and in small row groups, so that whoever filters by key can skip nearly all of
    the file.
    """
    frame.with_columns(event_timestamp=pl.lit(EVENT)).write_parquet(path, row_group_size=20_000)


def random_keys(rows: int, count: int, seed: int = 2) -> list[Key]:
    """Keys drawn uniformly, with replacement."""
    numbers = random.Random(seed).choices(range(rows), k=count)
    return [(f"K{number // STEPS:08d}", number % STEPS) for number in numbers]
