"""The largest distance of two distribution functions, beside looking at every value."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from estimates.stability.kernels.ks_distance import ks_distance


def plain(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """sup |F_B − F_A| over all values of both; ascending columns."""
    values = np.concatenate([a, b])
    shares = (np.searchsorted(column, values, "right") / len(column) for column in (a, b))
    return float(np.abs(np.subtract(*shares)).max())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("digits", [1, 15])
def test_the_distance_is_that_of_all_values(seed: int, digits: int) -> None:
    """Columns of other lengths, shifted, with and without ties, in long and short stretches."""
    random = np.random.default_rng(seed)
    for n, m, shift in ((1, 1, 0.0), (40, 33, 0.5), (5000, 4000, 0.02), (70_000, 70_000, -0.3)):
        a = np.sort(np.round(random.standard_normal(n), digits))
        b = np.sort(np.round(random.standard_normal(m) + shift, digits))
        assert ks_distance(a, b) == pytest.approx(plain(a, b), rel=1e-12)


def test_equal_columns_have_no_distance() -> None:
    """The same values twice are 0 apart."""
    x = np.sort(np.random.default_rng(0).standard_normal(3000))
    assert ks_distance(x, x.copy()) == 0.0
