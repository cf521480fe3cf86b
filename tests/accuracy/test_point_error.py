"""Errors as shares of what came, weighted or not."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.accuracy.point_error import measure
from tests.accuracy.scored import (
    DATED,
    days,
    floats,
    items,
    scored,
)

NONE = np.full(4, np.nan)
E, Y = np.array([1.0, -2.0, 3.0, np.nan]), np.array([10.0, 20.0, -10.0, 5.0])


def test_shares_of_what_came() -> None:
    """Σ |e| and Σ e by Σ |actual|, on the keys that have an error."""
    scores = measure(E, NONE, 4, Y)
    assert (scores.wape, scores.percentage_bias) == (pytest.approx(6 / 40), pytest.approx(2 / 40))
    assert scores.weighted_wape is None


def test_nothing_came() -> None:
    """Of a total of 0 there is no share, and the report says why."""
    scores = measure(np.array([1.0]), NONE[:1], 1, np.array([0.0]))
    assert (scores.wape, scores.percentage_bias) == (None, None)
    assert scores.reasons["wape"] == "no_total"


def test_keys_are_weighted() -> None:
    """A key counts by its weight; without one above 0 it counts for nothing."""
    weights = np.array([1.0, 3.0, np.nan, 2.0])
    scores = measure(E, NONE, 4, Y, weights)
    assert scores.weighted_mae == pytest.approx((1 + 6) / 4)
    assert scores.weighted_wape == pytest.approx((1 + 6) / (10 + 60))
    assert scores.weighted_bias == pytest.approx((1 - 6) / (10 + 60))
    assert scores.wape == pytest.approx(6 / 40)


@given(st.lists(st.tuples(floats, floats, st.booleans()), min_size=1, max_size=30))
def test_point_scores_agree_with_a_slow_reference(rows: list[tuple[float, float, bool]]) -> None:
    """MAE, RMSE and bias over the keys that have both numbers are what fsum says."""
    count = len(rows)
    frame = pl.DataFrame({"item": items(count), "p": [p for p, _, _ in rows]})
    actuals = pl.DataFrame(
        {"item": items(count), "p": [y if known else None for _, y, known in rows]}
    )
    column = scored(
        'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n', frame, actuals
    ).columns["p"]
    errors = [p - y for p, y, known in rows if known]
    assert (column.actuals, column.missing) == (len(errors), count - len(errors))
    if not errors:
        assert (column.reason, column.point) == ("no_actual_values", None)
        return
    point = column.point
    assert point is not None
    assert point.mae == pytest.approx(
        math.fsum(map(abs, errors)) / len(errors), rel=1e-12, abs=1e-9
    )
    assert point.bias == pytest.approx(math.fsum(errors) / len(errors), rel=1e-9, abs=1e-6)
    assert point.rmse == pytest.approx(
        math.sqrt(math.fsum(e * e for e in errors) / len(errors)), rel=1e-12, abs=1e-9
    )
    size = math.fsum(abs(y) for _, y, known in rows if known)
    if not size:
        assert point.reasons["wape"] == "no_total"
        return
    assert point.reasons == {"mase": "no_history"}
    assert point.wape == pytest.approx(math.fsum(map(abs, errors)) / size, rel=1e-9)


def test_mase_is_relative_to_the_typical_step_before() -> None:
    """Each error is divided by the mean step of its own series in the actual values up to
    data_through.
    """
    history = days(12)
    actuals = pl.DataFrame(
        {
            "item": ["a"] * 13 + ["b"] * 13,
            "day": [*history, date(2024, 1, 13)] * 2,
            "p": [float(2 * i) for i in range(13)] + [float(i % 2) for i in range(13)],
        }
    )
    frame = pl.DataFrame({"item": ["a", "b"], "day": [date(2024, 1, 13)] * 2, "p": [30.0, 4.0]})
    through = datetime(2024, 1, 12, 21, tzinfo=UTC)
    point = scored(DATED, frame, actuals, through=through).columns["p"].point
    assert point is not None
    assert (point.mase_n, point.mase) == (2, pytest.approx((6 / 2 + 4 / 1) / 2))
    young = (
        scored(DATED, frame, actuals.filter(pl.col("day") > history[2]), through=through)
        .columns["p"]
        .point
    )
    assert young is not None
    assert (young.mase, young.reasons) == (None, {"mase": "no_history"})


def test_a_declared_step_scales_mase() -> None:
    """Where the point names a step column, its values are the scale; keys without one or with 0 are
    left out.
    """
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\nstep = "q"\n'
    toml += '[columns.q]\nrole = "attribute"\ntype = "float"\n'
    frame = pl.DataFrame({"item": items(4), "p": [3.0, 5.0, 9.0, 9.0], "q": [2.0, 0.5, 0.0, None]})
    point = (
        scored(toml, frame, pl.DataFrame({"item": items(4), "p": [1.0, 4.0, 1.0, 1.0]}))
        .columns["p"]
        .point
    )
    assert point is not None
    assert (point.mase, point.mase_n, point.n) == (1.5, 2, 4)
