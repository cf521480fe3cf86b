"""Values that a column has more than once, against counting all of them one by one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.gate.repeated_values import commonest, repeats

FEW = (0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, math.inf, -math.inf, math.nan, -math.nan)
ROWS, PART = 300_000, 0.001


def slow(values: Sequence[float], one_of: int = 1000) -> tuple[int, bool]:
    """How often the commonest appears, and whether any does twice; zeros of both signs are one
    value, and all NaN.
    """
    counts = Counter("nan" if value != value else value for value in values)
    most = max(counts.values(), default=0)
    return most if one_of * most >= len(values) else 0, most > 1


@given(st.lists(st.sampled_from(FEW) | st.floats(width=32)))
@example([math.nan, -math.nan, 1.0])
@example([0.0, -0.0, 1.0])
def test_floats_are_counted_by_value(values: list[float]) -> None:
    """Whatever their signs, their bits and their order; those of 32 bits too."""
    for dtype in (pl.Float64, pl.Float32):
        kept = [
            value for value in values if dtype == pl.Float64 or abs(value) > 1e-44 or value == 0
        ]
        series = pl.Series(kept, dtype=dtype)
        assert (commonest(series, PART), repeats(series)) == slow(kept)


@given(st.lists(st.integers(-3, 3)))
def test_whole_numbers_are_counted(values: list[int]) -> None:
    """As they are; of no value at all none is common."""
    assert commonest(pl.Series(values, dtype=pl.Int64), PART) == slow(values)[0]


@pytest.mark.parametrize("times", [1, 2, ROWS // 1000 - 1, ROWS // 1000, ROWS // 3, ROWS])
@pytest.mark.parametrize("value", [0.0, -2.5, math.nan])
def test_one_value_among_many_is_counted(times: int, value: float) -> None:
    """One that fills a thousandth of a long column is common, one that has a row less is not,
    wherever it stands.
    """
    column = np.random.default_rng(times).standard_normal(ROWS)
    column[np.random.default_rng(0).choice(ROWS, times, replace=False)] = value
    assert (commonest(pl.Series(column), PART), repeats(pl.Series(column))) == slow(column.tolist())


def test_columns_of_round_numbers_are_counted() -> None:
    """Numbers whose last bits are all 0 are told apart, and so are those that differ in their last
    bit alone.
    """
    for column in (
        np.arange(ROWS) * 1024.0,
        1.0 + np.arange(ROWS) * 2.0**-52,
        np.arange(ROWS) % 700 / 4,
    ):
        assert (commonest(pl.Series(column), PART), repeats(pl.Series(column))) == slow(
            column.tolist()
        )


@pytest.mark.parametrize("one_of", [2, 50, 1000, 9000, 10**6])
def test_any_part_may_be_asked_for(one_of: int) -> None:
    """What fills less than the part counts as 0: one half, or so little that one row is enough;
    names do not matter.
    """
    column = np.random.default_rng(one_of).integers(0, 40_000, 9000) / 4
    column[:200] = 0.5
    for values in (pl.Series("rows", column), pl.Series("rows", column * 4).cast(pl.Int64)):
        assert commonest(values, 1 / one_of) == slow(values.to_list(), one_of)[0]
