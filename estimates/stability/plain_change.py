"""S3a: how far one number moved as people say it, relative to the old value or in points."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from estimates.stability.deltas import Deltas, at_least
from estimates.stability.kernels.selection import Formula
from estimates.stability.value_kinds import Floats

_MOST = sys.float_info.max  # what does not fit a double is this much


def plain_sizes(deltas: Deltas, points: float | None) -> Formula | None:
    """|b − a| / max(|a|, scale floor) of some moves, or |b − a| in percentage points; None without
    a scale.

    points  percentage points in one unit of the column
    """
    a, d, sizes_of = deltas.column_a, deltas.d, plain_change(deltas, points)
    return None if sizes_of is None else lambda rows: sizes_of(a[rows], np.abs(d[rows]))


def plain_change(deltas: Deltas, points: float | None) -> Callable[[Floats, Floats], Floats] | None:
    """The same of old values and |b − a|."""
    scale = deltas.scale
    if points is not None:
        return lambda _, size: np.minimum(size * points, _MOST)
    if scale is None:
        return None
    if scale <= deltas.least and deltas.largest / scale < _MOST / 2:
        return lambda a, size: size / a

    def relative(a: Floats, size: Floats) -> Floats:
        with np.errstate(over="ignore"):
            return np.minimum(size / at_least(np.abs(a), scale), _MOST)

    return relative
