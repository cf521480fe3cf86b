"""A random walk with drift: its formula alone, so that a forecast by it needs no library of models.

Hyndman and Athanasopoulos, Forecasting: Principles and Practice, section 5.2 and 5.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import polars as pl

MODEL = "RandomWalkWithDrift"


def drift_forecast(table: pl.DataFrame, horizon: int, levels: Sequence[float]) -> pl.DataFrame:
    """Forecast each series for `horizon` steps after its last one, along the line from its first
    to its last value.

    table   `unique_id, ds, y`, sorted, a row for each step; y is NaN where nothing was observed,
            never at a series' first and last step
    levels  of the intervals, in percent
    Returns `unique_id, ds, model, model-lo-LEVEL, model-hi-LEVEL …`, as statsforecast names them.
    """
    y, steps, ahead = pl.col("y"), pl.len() - 1, pl.col("ahead")
    slope = (y.last() - y.first()) / steps
    misses = (y.diff() - slope).fill_nan(None).pow(2).sum()
    series = table.group_by("unique_id", maintain_order=True).agg(
        y.last().alias("last"),
        pl.col("ds").last().alias("end"),
        steps.alias("steps"),
        slope.alias("slope"),
        (misses / steps).sqrt().alias("sigma"),
    )
    rows = series.with_columns(ahead=pl.int_ranges(1, horizon + 1)).explode("ahead")
    point = pl.col("last") + pl.col("slope") * ahead
    spread = pl.col("sigma") * (ahead * (1 + ahead / pl.col("steps"))).sqrt()
    bounds = {
        f"model-{side}-{level}": point + sign * NormalDist().inv_cdf(0.5 + level / 200) * spread
        for level in levels
        for side, sign in (("lo", -1), ("hi", 1))
    }
    return rows.select("unique_id", (pl.col("end") + ahead).alias("ds"), model=point, **bounds)
