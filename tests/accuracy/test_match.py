"""A version beside its actual values: which rows, which means."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.match import (
    Matched,
    match,
    mean,
    root_mean_square,
    shared,
    weight_of,
    weighted_mean,
)
from tests.builders import TARGETS, contract, frame


def matched(estimates: pl.DataFrame, through: datetime | None = None) -> Matched:
    """Estimates beside actual values of all their keys."""
    actual = frame().select("ticker", "target_date", pl.col("value") + 1)
    return match(estimates, read_actuals(actual, contract()), contract(), through)


def test_targets_that_the_run_had_seen_are_left_out() -> None:
    """A date counts as its first moment; steps count from the first that is left."""
    midnight = datetime(2024, 6, 3, tzinfo=UTC)
    seen = matched(frame(), midnight)
    assert set(seen.rows["target_date"]) == {TARGETS[1]}
    assert set(seen.rows["\0step"]) == {1}
    before = matched(frame(), datetime(2024, 6, 2, 23, 59, tzinfo=UTC))
    assert sorted(set(before.rows["\0step"])) == [1, 2]
    assert matched(frame()).rows.height == 6


def test_numbers_are_doubles_and_missing_ones_nan() -> None:
    """Read once, in key order."""
    of_apple = pl.col("ticker") == "AAPL"
    value = pl.when(of_apple).then(None).otherwise(pl.col("value")).alias("value")
    holed = matched(frame().with_columns(value))
    numbers = holed.numbers("value")
    assert np.isnan(numbers).tolist() == [True, True, False, False, False, False]
    assert holed.numbers("value") is numbers


def test_keys_that_two_have_in_common() -> None:
    """The rows of each, in key order."""
    ours, theirs = matched(frame()), matched(frame().filter(pl.col("ticker") != "AAPL"))
    left, right = shared(ours, theirs)
    assert ours.rows[left].select(ours.key).equals(theirs.rows[right].select(theirs.key))
    assert len(left) == 4


def test_means_in_a_fixed_order_that_do_not_overflow() -> None:
    """None where a value or the mean is no number; never a negative zero."""
    assert mean(np.array([1.0, 2.0, 6.0])) == 3.0
    assert mean(np.array([1e308, 1e308])) == 1e308
    assert mean(np.array([])) is None
    assert mean(np.array([1.0, math.nan])) is None
    assert math.copysign(1, mean(np.array([-0.0])) or 0.0) == 1
    assert root_mean_square(np.array([3.0, -4.0])) == pytest.approx(math.sqrt(12.5))
    assert root_mean_square(np.array([1e200, 1e200])) == pytest.approx(1e200)
    assert root_mean_square(np.array([0.0, 0.0])) == 0.0
    assert root_mean_square(np.array([math.inf])) is None


def test_weights_that_are_no_numbers_above_zero_leave_their_values_out() -> None:
    """Without any weight there is no weighted mean."""
    values = np.array([1.0, 2.0, 3.0, 4.0])
    weights = np.array([1.0, 3.0, -1.0, math.nan])
    assert weighted_mean(values, weights) == 1.75
    assert weight_of(weights) == 4.0
    assert weighted_mean(values, None) is None
    assert weighted_mean(values, np.zeros(4)) is None
    assert weight_of(np.array([1e308, 1e308])) is None
