"""Logarithms and what goes with them, the same to the last bit on every processor.

NumPy takes instructions of its own where a processor has AVX-512, and their last digit is another
one. Polars asks the C library; it takes 6 ns a number in place of 1, a twentieth of a report.
"""

from __future__ import annotations

import polars as pl

from estimates.stability.kernels.blocks import Floats


def log(x: Floats) -> Floats:
    """The natural logarithm of each number: −inf of 0, NaN of what is below; to be read only."""
    return pl.Series(x).log().to_numpy()


def log10(x: Floats) -> Floats:
    """The decimal logarithm of each number."""
    return pl.Series(x).log10().to_numpy(writable=True)


def log1p(x: Floats) -> Floats:
    """ln(1 + x) of each number."""
    return pl.Series(x).log1p().to_numpy(writable=True)


def exp(x: Floats) -> Floats:
    """e to the power of each number; inf where that does not fit a double."""
    return pl.Series(x).exp().to_numpy(writable=True)


def expm1(x: Floats) -> Floats:
    """e to the power of each number, less 1, with the digits of a small one."""
    half = pl.Series(x) / 2
    less = (2 * half.exp() * half.sinh()).to_numpy(writable=True)
    less[x < -40] = -1.0  # where 0 · ∞ would be no number
    return less


def asinh(x: Floats) -> Floats:
    """The inverse hyperbolic sine of each number."""
    return pl.Series(x).arcsinh().to_numpy(writable=True)
