"""The rows of a column in the order of its values, as `np.argsort` has them."""

from __future__ import annotations

import numpy as np
import pytest

from estimates.stability.kernels.blocks import BLOCK
from estimates.stability.kernels.sorting import ascending_rows


@pytest.mark.parametrize("apart", [1e-15, 1e-10, 1e-3])
def test_rows_in_the_order_of_their_values(apart: float) -> None:
    """Values that differ in their last bits only, of both signs and with ties, are in order; equal
    ones go by row.
    """
    rng = np.random.default_rng(9)
    near = rng.choice([-3.0, 1.0, 1e-300, 7e307], 5000) * (1 + apart * rng.integers(0, 50, 5000))
    values = np.concatenate((near, [5e-324, -5e-324, 0.0, 1.7e308, -1.7e308]))
    assert ascending_rows(values).tolist() == np.argsort(values, kind="stable").tolist()
    assert ascending_rows(values[::-2]).tolist() == np.argsort(values[::-2], kind="stable").tolist()


def test_rows_of_long_columns_are_in_order() -> None:
    """A column of several blocks, with ties, is sorted as a stable `np.argsort` sorts it."""
    values = np.round(np.random.default_rng(3).standard_normal(5 * BLOCK + 3), 3) + 0.0
    assert np.array_equal(ascending_rows(values), np.argsort(values, kind="stable"))
