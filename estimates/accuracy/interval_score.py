"""Prediction intervals: coverage, and the interval score with its parts (Gneiting and Raftery, JASA
102, 2007).
"""

from __future__ import annotations

import numpy as np

from estimates.accuracy.accuracy_report import IntervalScores
from estimates.accuracy.match import Floats, mean, weight_of, weighted_mean
from estimates.contract.shape import Interval
from estimates.stability.labels import wilson_interval


def inside(lower: Floats, upper: Floats, actuals: Floats) -> Floats:
    """1 where l <= y <= u, 0 where not; NaN where one is missing or the ends are crossed."""
    hits = ((lower <= actuals) & (actuals <= upper)).astype(np.float64)
    return np.where(lower <= upper, np.where(np.isnan(actuals), np.nan, hits), np.nan)


def parts(
    lower: Floats, upper: Floats, actuals: Floats, level: float
) -> tuple[Floats, Floats, Floats]:
    """u − l, 2/α · max(l − y, 0), 2/α · max(y − u, 0) with α = 1 − level: the interval score is
    their sum.
    """
    with np.errstate(over="ignore"):
        rate = 2.0 / (1.0 - level)
        return (
            upper - lower,
            rate * np.maximum(lower - actuals, 0.0),
            rate * np.maximum(actuals - upper, 0.0),
        )


def measure(
    ends: Interval, lower: Floats, upper: Floats, actuals: Floats, weights: Floats | None = None
) -> IntervalScores:
    """Score one interval on the keys where both ends and the actual value are known.

    weights  of each key, NaN or not above 0 for none; None: all the same
    """
    complete = ~(np.isnan(lower) | np.isnan(upper) | np.isnan(actuals))
    total = int((~np.isnan(actuals)).sum())
    good, hit = complete & (lower <= upper), inside(lower, upper, actuals)
    n, hits = int(good.sum()), int(np.nansum(hit))
    of_keys = [part[good] for part in parts(lower, upper, actuals, ends.level)]
    dispersion, below, above = map(mean, of_keys)
    of_weights = None if weights is None else weights[good]
    score = (
        None if dispersion is None or below is None or above is None else dispersion + below + above
    )
    low, high = wilson_interval(hits, n) if n else (None, None)
    return IntervalScores(
        level=ends.level,
        lower=ends.lower,
        upper=ends.upper,
        n=n,
        coverage=n / total if total else None,
        crossed=int(complete.sum()) - n,
        covered=hits / n if n else None,
        covered_low=low,
        covered_high=high,
        score=score,
        dispersion=dispersion,
        penalty_below=below,
        penalty_above=above,
        reasons={"score": "overflow" if n else "no_comparable_keys"} if score is None else {},
        weighted_covered=weighted_mean(hit[good], of_weights),
        weighted_score=weighted_mean(of_keys[0] + of_keys[1] + of_keys[2], of_weights),
        weight=weight_of(of_weights),
    )
