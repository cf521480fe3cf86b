"""Sums without rounding, against whole fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from estimates.stability.kernels.exact import UNIT, exact_total, mean_of_total, total_of_squares

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FINITE, max_size=30))
def test_a_sum_is_exact(values: list[float]) -> None:
    """Whatever sizes stand beside each other, and in whatever order."""
    x = np.array(values, dtype=np.float64)
    total = exact_total(lambda rows: x[rows], len(x))
    assert Fraction(total, 1 << UNIT) == sum(map(Fraction, values), Fraction())
    if values:
        assert mean_of_total(total, len(x)) == float(Fraction(total, len(x) << UNIT))


@given(st.lists(st.integers(-(2**31) + 1, 2**31 - 1), max_size=30))
def test_squares_are_exact(values: list[int]) -> None:
    """Large ones too, whose sum does not fit 64 bits."""
    x = np.array(values, dtype=np.int64)
    assert total_of_squares(lambda rows: x[rows], len(x)) == sum(v * v for v in values)
