"""C6: which keys crossed a value at which decisions are made."""

from __future__ import annotations

import numpy as np

from estimates.stability.alignment import Alignment
from estimates.stability.deltas import Deltas
from estimates.stability.family_reports import CutReport
from estimates.stability.kernels.selection import quantiles
from estimates.stability.labels import wilson_interval
from estimates.stability.scalar import share

_KEYS = 20


def measure(alignment: Alignment, deltas: Deltas, cut: float) -> CutReport:
    """Count the keys that crossed `cut`; a value at the cut-off is above it. There is at least one
    key.
    """
    was, now = deltas.a >= cut, deltas.b >= cut
    crossed = np.flatnonzero(was != now)
    n = len(deltas)
    low, high = wilson_interval(len(crossed), n)
    with np.errstate(over="ignore"):
        distance = np.abs(deltas.b[crossed] - cut)
    overflow = bool(np.isinf(distance).any())
    return CutReport(
        cut=cut,
        n=n,
        crossing_share=len(crossed) / n,
        crossing_low=low,
        crossing_high=high,
        up_share=share(now & ~was),
        down_share=share(was & ~now),
        margin=None if overflow or not len(crossed) else quantiles(distance, 0.5)[0],
        keys=deltas.keys(alignment, crossed[:_KEYS]),
        reason="overflow" if overflow else None if len(crossed) else "no_crossing",
    )
