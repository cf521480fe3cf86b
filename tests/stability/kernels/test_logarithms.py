"""Logarithms are those of the C library, on every processor."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from estimates.stability.kernels import logarithms

Floats = NDArray[np.float64]
SIZES = np.exp(np.random.default_rng(1).normal(0, 20, 10_000))
SIGNED = np.random.default_rng(2).normal(0, 3, 10_000)


@pytest.mark.parametrize(
    ("ours", "plain", "numbers"),
    [
        (logarithms.log, math.log, SIZES),
        (logarithms.log10, math.log10, SIZES),
        (logarithms.log1p, math.log1p, SIZES),
        (logarithms.asinh, math.asinh, SIGNED),
        (logarithms.exp, math.exp, SIGNED),
        (logarithms.expm1, math.expm1, SIGNED),
    ],
)
def test_they_are_those_of_the_c_library(
    ours: Callable[[Floats], Floats], plain: Callable[[float], float], numbers: Floats
) -> None:
    """To the last bit but for log10 and expm1, which are made of others, to the last digits."""
    expected = np.array([plain(x) for x in numbers.tolist()])
    if plain in (math.log10, math.expm1):
        np.testing.assert_allclose(ours(numbers), expected, rtol=1e-15)
    else:
        assert (ours(numbers) == expected).all()


def test_what_has_no_logarithm() -> None:
    """0, numbers below and those that are none; nothing of nothing."""
    without = np.array([0.0, -1.0, np.nan, np.inf])
    np.testing.assert_array_equal(logarithms.log(without), [-np.inf, np.nan, np.nan, np.inf])
    assert len(logarithms.log(np.empty(0))) == 0
    far = np.array([-np.inf, -1500.0, -41.0, np.inf, np.nan])
    np.testing.assert_array_equal(logarithms.expm1(far), [-1.0, -1.0, -1.0, np.inf, np.nan])
