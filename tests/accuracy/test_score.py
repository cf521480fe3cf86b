"""Accuracy of one version: scoringrules and statsmodels agree, and so does a slow reference in
plain Python.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import numpy as np
import polars as pl

from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import METRICS_REVISION
from tests.accuracy.scored import (
    DATED,
    NUMBERS,
    days,
    intervals,
    items,
    scored,
)


def test_targets_that_were_known_are_not_scored() -> None:
    """A target at or before data_through is elapsed, a date from its first moment on; horizons
    count steps after it.
    """
    frame = pl.DataFrame(
        {"item": ["a", "b"] * 4, "day": [d for d in days(4) for _ in "ab"], "p": [1.0, 2.0] * 4}
    )
    actuals = frame.filter(pl.col("day") < date(2024, 1, 4)).with_columns(p=pl.lit(0.0))
    accuracy = scored(DATED, frame, actuals, through=datetime(2024, 1, 1, 12, tzinfo=UTC))
    assert (
        accuracy.keys.n,
        accuracy.keys.elapsed,
        accuracy.keys.matched,
        accuracy.keys.unmatched,
    ) == (
        6,
        2,
        4,
        2,
    )
    assert [
        (horizon.value, horizon.target, horizon.n, horizon.mae)
        for horizon in accuracy.columns["p"].horizons
    ] == [
        ("1", "2024-01-02", 2, 1.5),
        ("2", "2024-01-03", 2, 1.5),
    ]
    midnight = scored(DATED, frame, actuals, through=datetime(2024, 1, 2, tzinfo=UTC))
    assert (
        midnight.keys.elapsed,
        [horizon.target for horizon in midnight.columns["p"].horizons],
    ) == (
        4,
        ["2024-01-03"],
    )


def test_what_does_not_fit_a_double_is_null_with_a_reason() -> None:
    """Errors that overflow are no numbers, and say why."""
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n'
    frame = pl.DataFrame({"item": items(2), "p": [1.7e308, 1.0]})
    point = (
        scored(toml, frame, pl.DataFrame({"item": items(2), "p": [-1.7e308, 1.0]}))
        .columns["p"]
        .point
    )
    assert point is not None
    assert (point.mae, point.rmse, point.bias) == (None, None, None)
    assert point.reasons == {
        "mae": "overflow",
        "rmse": "overflow",
        "bias": "overflow",
        "mase": "no_history",
        "wape": "overflow",
        "percentage_bias": "overflow",
    }


def test_the_same_input_gives_the_same_bytes() -> None:
    """The order of rows does not change a byte of the scores, and JSON gives the report back."""
    rng = np.random.default_rng(5)
    frame, actuals = (
        intervals(rng, 50),
        pl.DataFrame({"item": items(50), "value": rng.normal(10, 6, 50)}),
    )
    first = accuracy_json.encode(scored(NUMBERS, frame, actuals))
    assert (
        accuracy_json.encode(
            scored(NUMBERS, frame.reverse(), actuals.sample(fraction=1, shuffle=True, seed=1))
        )
        == first
    )
    assert accuracy_json.encode(accuracy_json.decode(first)) == first
    assert msgspec.json.decode(first)["metrics_revision"] == METRICS_REVISION
