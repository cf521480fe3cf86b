"""Contracts of each shape, and frames scored under them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from estimates.accuracy.accuracy_report import Accuracy
from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.score import score
from estimates.contract.contract_file import parse_contract

NUMBERS = """
name = "demand"
[key.item]
type = "string"
[columns.p]
[columns.low]
role = "lower"
level = 0.8
nullable = true
[columns.high]
role = "upper"
level = 0.8
nullable = true
[columns.lower]
role = "lower"
level = 0.5
[columns.upper]
role = "upper"
level = 0.5
[columns.kind]
role = "attribute"
type = "string"
[stability]
groups = ["kind"]
"""
QUANTILES = """
name = "cases"
[key.item]
type = "string"
[columns.a]
role = "quantile"
quantile = 0.1
[columns.b]
role = "quantile"
quantile = 0.5
[columns.c]
role = "quantile"
quantile = 0.9
"""
LABELS = """
name = "weather"
[key.item]
type = "string"
[columns.guess]
role = "label"
[columns.sun]
role = "probability"
label = "sun"
[columns.rain]
role = "probability"
label = "rain"
[columns.snow]
role = "probability"
label = "snow"
"""
CHURN = """
name = "churn"
[key.item]
type = "string"
[columns.p]
role = "probability"
label = "churned"
"""
DATED = """
name = "closes"
[key.item]
type = "string"
[key.day]
type = "date"
target = true
[columns.p]
unit = "USD"
"""
floats = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


def scored(toml: str, frame: pl.DataFrame, actuals: pl.DataFrame, **more: Any) -> Accuracy:
    """The scores of a frame under a contract."""
    contract = parse_contract(toml)
    truth = read_actuals(actuals, contract, more.pop("vintage", None))
    named: dict[str, Any] = {"version": 1, "contract_revision": 1, "through": None}
    return score(frame, truth, contract, **(named | more))


def items(count: int) -> pl.Series:
    """So many keys, in order."""
    return pl.Series("item", [f"i{number:05d}" for number in range(count)], dtype=pl.String)


def intervals(rng: np.random.Generator, count: int) -> pl.DataFrame:
    """Points with two intervals around them."""
    p, w = rng.normal(10, 5, count), rng.uniform(0.5, 4, count)
    return pl.DataFrame(
        {
            "item": items(count),
            "p": p,
            "low": p - 2 * w,
            "high": p + 2 * w,
            "lower": p - w,
            "upper": p + w,
            "kind": ["x" if number % 3 else "y" for number in range(count)],
        }
    )


def days(count: int, start: date = date(2024, 1, 1)) -> list[date]:
    """So many days in a row."""
    return [start + timedelta(days=number) for number in range(count)]
