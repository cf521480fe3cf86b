"""Sums without rounding: the same number in whatever order, and however a column is cut.

A block is split into digits of some 35 bits, each a multiple of one power of two. Numbers so short
are added up by NumPy without rounding, and Python's own whole numbers take the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import each_block

Floats = NDArray[np.float64]
UNIT = 1080  # totals count in 2⁻¹⁰⁸⁰, below the smallest double
_WHOLE = 52  # bits of a double that hold whole numbers, beside its first
_FAR = 900  # exponents up to which adding 2⁵² units stays within doubles
_LEAST = -1074  # the exponent of the smallest double
_SAFE = 1 << 23  # moves whose squares a block adds up in 64 bits


def exact_total(formula: Callable[[slice], Floats], rows: int) -> int:
    """The sum of what a formula gives for each row, finite numbers, in units of 2⁻¹⁰⁸⁰."""
    return sum(each_block(lambda block: _of_block(formula(block)), rows))


def mean_of_total(total: int, rows: int) -> float:
    """The mean of numbers of which the exact total is known, rounded once."""
    return total / (rows << UNIT)


def total_of_squares(formula: Callable[[slice], NDArray[np.int64]], rows: int) -> int:
    """The sum of the squares of whole numbers below 2³¹, exactly."""
    return sum(each_block(lambda block: _squares(formula(block)), rows))


def _of_block(x: Floats) -> int:
    largest = max(float(x.max(initial=0.0)), -float(x.min(initial=0.0)))
    if largest == 0:
        return 0
    bits = _WHOLE - len(x).bit_length()  # of a digit: so many of them fit a double when added up
    total, rest, exponent = 0, x, math.frexp(largest)[1] - bits
    while True:
        exponent = max(exponent, _LEAST)
        unit = math.ldexp(1.0, exponent)
        if exponent > _FAR:
            digits = np.trunc(rest / unit)
            total += int(digits.sum()) << (exponent + UNIT)
            digits *= unit
        else:
            # a double of this size has no bits below the unit: adding it rounds to whole units
            far = math.ldexp(1.5, exponent + _WHOLE)
            digits = rest + far
            digits -= far
            total += int(float(digits.sum()) / unit) << (exponent + UNIT)
        rest = np.subtract(rest, digits, out=digits)
        if exponent == _LEAST or not rest.any():
            return total
        exponent -= bits


def _squares(x: NDArray[np.int64]) -> int:
    square = x * x
    if np.abs(x).max(initial=0) < _SAFE:
        return int(square.sum())
    return (int((square >> 32).sum()) << 32) + int((square & 0xFFFFFFFF).sum())
