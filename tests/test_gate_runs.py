"""How often the values of a column appear, against counting them one by one."""

from __future__ import annotations

import math
from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.gate.runs import Runs, runs

FEW = (0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, math.inf, -math.inf, math.nan, -math.nan)


def slow(values: list[float] | list[int]) -> Runs:
    """Zeros of both signs are one value, and so are all NaN."""
    counts = Counter("nan" if value != value else value for value in values)
    return Runs(len(counts), max(counts.values(), default=0))


@given(st.lists(st.sampled_from(FEW) | st.floats(width=32)))
def test_floats_are_counted_by_value(values: list[float]) -> None:
    """Whatever their signs, their bits and their order; those of 32 bits too."""
    for dtype in (pl.Float64, pl.Float32):
        kept = [value for value in values if dtype == pl.Float64 or abs(value) > 1e-44 or value == 0]
        assert runs(pl.Series(kept, dtype=dtype)) == slow(kept)


@given(st.lists(st.integers(-3, 3)))
def test_whole_numbers_are_counted(values: list[int]) -> None:
    """As they are; no value at all is no run."""
    assert runs(pl.Series(values, dtype=pl.Int64)) == slow(values)


@pytest.mark.parametrize("times", [1, 7])
def test_long_columns_are_counted_in_blocks(times: int) -> None:
    """A value that appears several times is found wherever blocks begin."""
    values = pl.Series(range(200_000), dtype=pl.Float64)
    assert runs(pl.concat([values] * times)) == Runs(200_000, times)
