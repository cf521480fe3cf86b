"""Several ascending columns as one, against one sorted list."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.stability.kernels.selection import quantiles
from estimates.stability.kernels.sorted_runs import SortedRuns

VALUE = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, 1.0, -1.0, 5e-324])
)
RUNS = st.lists(st.lists(VALUE, max_size=12), min_size=1, max_size=4).filter(any)


@given(RUNS, VALUE, st.integers(1, 5))
def test_runs_are_one_sorted_list(columns: list[list[float]], x: float, least: int) -> None:
    """Counts, places, quantiles, sizes and the commonest value."""
    every = sorted(value + 0.0 for column in columns for value in column)
    runs = SortedRuns([np.sort(np.array(column) + 0.0) for column in columns])
    assert runs.at(range(len(every))).tolist() == every
    at = np.array([x])
    assert runs.below(at)[0] == sum(value < x for value in every)
    assert runs.upto(at)[0] == sum(value <= x for value in every)
    many = [*reversed(every), x, *every]  # more than a run has, in no order
    assert runs.below(np.array(many)).tolist() == [sum(v < m for v in every) for m in many]
    assert runs.upto(np.array(many)).tolist() == [sum(v <= m for v in every) for m in many]
    assert runs.least_and_largest() == (every[0], every[-1])
    assert runs.quantile(1, 2) == pytest.approx(quantiles(np.array(every), 0.5)[0], rel=1e-15)
    assert runs.sizes().at(range(len(every))).tolist() == sorted(map(abs, every))
    most = max(Counter(every).values())
    assert runs.largest_count(least) == (most if most >= least else 0)
