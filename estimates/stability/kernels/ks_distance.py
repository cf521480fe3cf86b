"""The largest distance of two distribution functions (Kolmogorov and Smirnov)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
_EVERY = (1024, 64, 16, 4, 1)


def ks_distance(a: Floats, b: Floats) -> float:
    """sup |F_B − F_A|, in whole numbers of 1 / nm.

    It is reached at a value of A or just before one. Every 1024th value is looked at, then every
    64th of the stretches in which two could be further apart than the largest distance so far, and
    so on, down to each value where that still holds.
    """
    n, m = len(a), len(b)
    if np.array_equal(a, b):
        return 0.0
    best, step, starts = 0, _EVERY[0], np.arange(0, n, _EVERY[0])
    for finer in (*_EVERY[1:], 0):
        ends = np.minimum(starts + step, n)
        below, upto = _below_and_upto(a[starts], b)
        best = max(
            best, int(((starts + 1) * m - upto * n).max()), int((below * n - starts * m).max())
        )
        if not finer:
            break
        # no more values of B are below any other of the stretch
        last = np.searchsorted(b, a[ends - 1], "left")
        bound = np.maximum(ends * m - upto * n, last * n - (starts + 1) * m)
        starts = (starts[bound > best, None] + np.arange(0, step, finer)).ravel()
        starts, step = starts[starts < n], finer
        if not len(starts):
            break
    return best / (n * m)


def _below_and_upto(x: Floats, ascending: Floats) -> tuple[Rows, Rows]:
    """How many values are below each of these, and how many not above it."""
    below = np.searchsorted(ascending, x, "left")
    upto = below.copy()
    equal = np.flatnonzero(ascending[np.minimum(below, len(ascending) - 1)] == x)
    upto[equal] = np.searchsorted(ascending, x[equal], "right")
    return below, upto
