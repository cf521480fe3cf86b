"""The random walk with drift gives the numbers of statsforecast's."""

from __future__ import annotations

import math

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from estimates_jobs.builtin.drift import drift_forecast

NAN = math.nan


@pytest.mark.parametrize("levels", [[], [80], [50, 97.5]])
def test_it_agrees_with_the_library(levels: list[float]) -> None:
    """Points and bounds of rising, falling, constant and interrupted series are those of
    statsforecast.
    """
    from statsforecast import StatsForecast, models  # every process collects this module

    series = {
        0: [3.0, 3.5, 3.1, 4.0, 4.6, 4.4],
        1: [100.0, 90.5, 93.0, 80.0],
        2: [7.0, 7.0, 7.0],
        3: [1.0, NAN, 2.5, NAN, NAN, 2.0, 4.0],
    }
    table = pl.DataFrame(
        [(name, step, y) for name, ys in series.items() for step, y in enumerate(ys)],
        schema=["unique_id", "ds", "y"],
        orient="row",
    )
    model = models.RandomWalkWithDrift(alias="model")
    library = StatsForecast(models=[model], freq=1, n_jobs=1)
    expected = library.forecast(df=table, h=4, level=levels or None)
    assert_frame_equal(
        drift_forecast(table, 4, levels), expected, check_column_order=False, check_dtypes=False
    )
