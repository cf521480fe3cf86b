"""Differences that a column's own tolerance says are none."""

from __future__ import annotations

import numpy as np
import pytest

from estimates.contract.columns import Column
from estimates.stability.noise import is_none


def none(a: float, b: float, **tolerance: float) -> bool:
    """Whether the move from a to b is none."""
    x, y = np.array([a]), np.array([b])
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(is_none(y - x, x, y, Column(**tolerance))[0])


@pytest.mark.parametrize(
    ("a", "b", "tolerance", "expected"),
    [
        (1.0, 1.0, {}, False),
        (1.0, 1.1, {"atol": 0.1}, True),
        (1.0, 1.2, {"atol": 0.1}, False),
        (100.0, 101.0, {"rtol": 0.01}, True),
        (101.0, 100.0, {"rtol": 0.01}, True),
        (-100.0, -101.5, {"rtol": 0.01}, False),
        (100.0, 102.5, {"rtol": 0.02, "atol": 0.5}, True),
        (0.0, 0.0, {"rtol": 0.01}, True),
        (1e308, -1e308, {"rtol": 0.5}, False),
    ],
)
def test_no_more_than_both_together(
    a: float, b: float, tolerance: dict[str, float], expected: bool
) -> None:
    """At the limit it is none, relative to the larger of both; without a tolerance nothing is."""
    assert none(a, b, **tolerance) == expected


def test_what_is_no_number_moved() -> None:
    """Nobody says that it stayed."""
    assert not none(float("nan"), 1.0, atol=9.0)
