"""The rows of a column in the order of its values, as `np.argsort` has them."""

from __future__ import annotations

import numpy as np
import pytest

from estimates.stability.kernels.blocks import BLOCK
from estimates.stability.kernels.sorting import sorted_with_rows


@pytest.mark.parametrize("apart", [1e-15, 1e-10, 1e-3])
def test_rows_in_the_order_of_their_values(apart: float) -> None:
    """Values that differ in their last bits only, of both signs and with ties, are in order; equal
    ones go by row.
    """
    rng = np.random.default_rng(9)
    near = rng.choice([-3.0, 1.0, 1e-300, 7e307], 5000) * (1 + apart * rng.integers(0, 50, 5000))
    values = np.concatenate((near, [5e-324, -5e-324, 0.0, 1.7e308, -1.7e308]))
    for column in (values, values[::-2], np.repeat(values, 30)):
        ordered, rows = sorted_with_rows(column)
        assert rows.tolist() == np.argsort(column, kind="stable").tolist()
        assert ordered.tolist() == np.sort(column).tolist()


@pytest.mark.parametrize("digits", [0, 3, 15])
def test_rows_of_long_columns_are_in_order(digits: int) -> None:
    """A column of several blocks is sorted as a stable `np.argsort` sorts it, with ties that go
    over the end of a block, with values that differ in their last bits there.
    """
    values = np.round(np.random.default_rng(3).standard_normal(5 * BLOCK + 3), digits) + 0.0
    values[::2] = values[::2] * 1e-12 + 1.0
    ordered, rows = sorted_with_rows(values)
    assert np.array_equal(rows, np.argsort(values, kind="stable"))
    assert np.array_equal(ordered, np.sort(values))
