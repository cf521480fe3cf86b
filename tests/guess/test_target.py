"""The time that estimates are about, and how far the data behind them go."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from estimates.guess.target import first_and_last, present_of, target_of

_TODAY = date(2024, 6, 30)


@pytest.mark.parametrize(
    ("key", "target"),
    [
        (["shop", "day"], "day"),
        (["reference_date", "target_end_date"], "target_end_date"),
        (["forecast_date", "target_end_date"], "target_end_date"),
        (["forecast_date"], "forecast_date"),
        (["cutoff", "ds"], "ds"),
        (["cutoff"], None),
        (["shop"], None),
    ],
)
def test_target(key: list[str], target: str | None) -> None:
    """A time that is named after what it is about; never one that says when it was made."""
    types = {name: "string" if name == "shop" else "date" for name in key}
    assert target_of(types, key) == target


def table(**columns: list[object]) -> pl.DataFrame:
    """Targets of three days, and what stands beside them."""
    return pl.DataFrame({"day": [date(2024, 6, d) for d in (3, 4, 5)], **columns})


@pytest.mark.parametrize(
    ("columns", "present"),
    [
        ({}, _TODAY),
        ({"cutoff": [datetime(2024, 6, 2, 17)] * 3}, date(2024, 6, 2)),
        ({"cutoff": [date(2024, 6, 2), date(2024, 6, 2), date(2024, 6, 3)]}, None),
        ({"cutoff": ["2024-06-02"] * 3}, _TODAY),
        ({"actual": [1.0, 2.0, None]}, date(2024, 6, 4)),
        ({"actual": [1.0, 2.0, 3.0]}, _TODAY),
        ({"actual": pl.Series([None] * 3, dtype=pl.Float64)}, _TODAY),
    ],
)
def test_present(columns: dict[str, list[object]], present: date | None) -> None:
    """What says when all was made; else the last target with an observed value; else today."""
    assert present_of(table(**columns), "day", _TODAY) == present


def test_first_and_last() -> None:
    """Of days and of times, without those that are missing."""
    times = pl.Series([datetime(2024, 6, 4, 23), None, datetime(2024, 6, 3)])
    assert first_and_last(times) == (date(2024, 6, 3), date(2024, 6, 4))
