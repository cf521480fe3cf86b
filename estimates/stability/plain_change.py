"""S3a: how far one number moved as people say it, relative to the old value or in points."""

from __future__ import annotations

import sys
from typing import Any

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
    a, d, scale = deltas.a, deltas.d, deltas.scale
    if points is not None:
        return lambda rows: np.minimum(np.abs(d[rows]) * points, _MOST)
    if scale is None:
        return None

    def relative(rows: Any) -> Floats:
        with np.errstate(over="ignore"):
            return np.minimum(np.abs(d[rows]) / at_least(np.abs(a[rows]), scale), _MOST)

    return relative
