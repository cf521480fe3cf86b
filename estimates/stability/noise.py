"""Differences that a column's own tolerance says are none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from estimates.contract.columns import Column

Floats = NDArray[np.float64]
_SLACK = 1 + 1e-12  # a difference at its exact limit is within it, whatever the last bit says


def is_none(d: Floats, a: Floats, b: Floats, column: Column) -> NDArray[np.bool_]:
    """Where d, which is b − a, is no more than atol + rtol · max(|a|, |b|) of the column; nowhere
    for a column that has neither.

    d, a, b  as many
    """
    if column.rtol is None and column.atol is None:
        return np.zeros(len(d), dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        limit = (column.rtol or 0.0) * np.maximum(np.abs(a), np.abs(b)) + (column.atol or 0.0)
        return np.abs(d) <= limit * _SLACK
