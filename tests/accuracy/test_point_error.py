"""Errors as shares of what came, weighted or not."""

from __future__ import annotations

import numpy as np
import pytest

from estimates.accuracy.point_error import measure

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
