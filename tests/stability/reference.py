"""The definitions of the metrics in plain, exact Python, which the engine is compared with."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import pytest


def finite(*values: float | None) -> list[float] | None:
    """The values when all of them can be computed with."""
    numbers = [x for x in values if x is not None and math.isfinite(x)]
    return numbers if len(numbers) == len(values) else None


def quantile(values: list[float], at: float) -> float:
    """Type 7, as in Hyndman and Fan."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * at
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def scale_floor(a: list[float]) -> float | None:
    """s0 of these baseline values."""
    sizes = [abs(Fraction(x)) for x in a]
    if max(sizes) == 0:
        return None
    return max(1e-3 * float(statistics.median(sizes)), 1e-9 * float(max(sizes)), 5e-324)


def relative(a: float, b: float, floor: float) -> float:
    """S3 in exact arithmetic."""
    x, y = Fraction(a), Fraction(b)
    return float(abs(y - x) / max((abs(x) + abs(y)) / 2, Fraction(floor)))


def asinh(x: float, floor: float) -> float:
    """asinh(x / 2s) where x / 2s need not fit a double."""
    ratio = abs(Fraction(x) / (2 * Fraction(floor)))
    size = math.asinh(float(ratio)) if ratio < 10**9 else math.log(abs(x)) - math.log(floor)
    return math.copysign(size, x)


def same(got: float | None, wanted: float, scale: float = 0.0) -> None:
    """Equal to 1e-12, relative to the number itself or to what it is a difference of; denormals
    have fewer digits.
    """
    assert got is not None
    assert got == pytest.approx(wanted, rel=1e-12, abs=max(1e-12 * scale, 1e-300))
