"""The interval score and its parts, beside scoringrules."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
import scoringrules

from tests.accuracy.scored import (
    NUMBERS,
    intervals,
    items,
    scored,
)


def test_scoringrules_has_the_same_scores_of_intervals() -> None:
    """Interval score, pinball, WIS with its parts and coverage are those of scoringrules or of
    their definition.
    """
    rng = np.random.default_rng(7)
    frame = intervals(rng, 400)
    y = rng.normal(10, 6, 400)
    column = scored(NUMBERS, frame, pl.DataFrame({"item": items(400), "value": y})).columns["p"]
    p, ends = (
        frame["p"].to_numpy(),
        {n: frame[n].to_numpy() for n in ("low", "high", "lower", "upper")},
    )
    for interval, (low, high, alpha) in zip(
        column.intervals, (("lower", "upper", 0.5), ("low", "high", 0.2)), strict=True
    ):
        expected = scoringrules.interval_score(y, ends[low], ends[high], alpha, backend="numpy")
        assert interval.score == pytest.approx(float(np.mean(expected)), rel=1e-12)
        assert interval.covered == pytest.approx(
            float(np.mean((ends[low] <= y) & (y <= ends[high])))
        )
        assert interval.covered_low is not None
        assert interval.covered_high is not None
        assert interval.covered is not None
        assert interval.covered_low < interval.covered < interval.covered_high
    spread = column.distribution
    assert spread is not None
    assert spread.source == "intervals"
    for entry in spread.quantiles:
        q = frame[entry.column].to_numpy()
        expected = scoringrules.quantile_score(y, q, entry.quantile, backend="numpy")
        assert entry.pinball == pytest.approx(float(np.mean(expected)), rel=1e-12)
        assert entry.below == pytest.approx(float(np.mean(y <= q)))
    alphas = np.array([0.2, 0.5])
    expected = scoringrules.weighted_interval_score(
        y,
        # numpy in scoringrules 0.10.0 adds w · median where the definition has w · |y − median|
        np.abs(y - p),
        np.column_stack([ends["low"], ends["lower"]]),
        np.column_stack([ends["high"], ends["upper"]]),
        alphas,
        w_alpha=alphas / 2,
        backend="numpy",
    )
    assert spread.wis == pytest.approx(float(np.mean(expected)), rel=1e-12)
    assert None not in (spread.dispersion, spread.penalty_below, spread.penalty_above)
    parts = [
        float(part or 0) for part in (spread.dispersion, spread.penalty_below, spread.penalty_above)
    ]
    assert math.fsum(parts) == pytest.approx(spread.wis, rel=1e-12)
    assert sum(entry.n for entry in spread.pit) == 400
    assert [entry.expected for entry in spread.pit] == pytest.approx(
        [0.1, 0.15, 0.25, 0.25, 0.15, 0.1]
    )


def test_crossed_and_missing_ends_are_left_out_and_counted() -> None:
    """An interval whose ends are crossed or missing covers nothing; the others are scored, ends
    included.
    """
    frame = intervals(np.random.default_rng(1), 4).with_columns(
        low=pl.Series([0.0, 5.0, None, 0.0]), high=pl.Series([1.0, 4.0, 1.0, 1.0])
    )
    column = scored(
        NUMBERS, frame, pl.DataFrame({"item": items(4), "value": [1.0, 4.5, 0.5, 7.0]})
    ).columns["p"]
    interval = next(entry for entry in column.intervals if entry.lower == "low")
    assert (interval.n, interval.crossed, interval.covered, interval.coverage) == (2, 1, 0.5, 0.5)
    assert (interval.dispersion, interval.penalty_below, interval.penalty_above) == pytest.approx(
        (1, 0, 2 / 0.2 * 6 / 2)
    )
