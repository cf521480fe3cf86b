"""Quantiles: pinball loss, weighted interval score and its parts, PIT.

The grid is the quantile columns of a point; without those the ends of its intervals, an interval of
level 0.8 being the quantiles 0.1 and 0.9, and the point as the median.
Sources: Koenker and Bassett, Econometrica 46, 1978 (pinball); Bracher et al., PLOS Computational
Biology 17, 2021 (WIS and its parts); Dawid, JRSS A 147, 1984 (PIT).
"""

from __future__ import annotations

import numpy as np

from estimates.accuracy.accuracy_report import DistributionScores, PitBin, QuantileScores
from estimates.accuracy.match import Floats, Mask, Matched, mean, weight_of, weighted_mean
from estimates.accuracy.observed import Observed
from estimates.stability.labels import wilson_interval

_SAME = 1e-9  # two probabilities this near are one
Grid = list[tuple[float, str]]


def grid_of(of: Observed) -> tuple[str, Grid]:
    """Where the quantiles come from, and each with its column, increasing; empty where there is no
    distribution.
    """
    if of.quantiles:
        return "quantiles", list(of.quantiles)
    ends = [(round((1 - interval.level) / 2, 12), interval.lower) for interval in of.intervals]
    ends += [(round((1 + interval.level) / 2, 12), interval.upper) for interval in of.intervals]
    median = [(0.5, of.point)] if of.point is not None and ends else []
    return "intervals", sorted(ends + median)


def pinball(quantile: Floats, actuals: Floats, probability: float) -> Floats:
    """(1{y < q} − τ) · (q − y), without a factor of 2."""
    with np.errstate(over="ignore"):
        below = quantile - actuals
        return np.maximum((1.0 - probability) * below, -probability * below)


class Distribution:
    """The quantiles of each row beside what was observed.

    good      rows where y and every quantile are known and the quantiles do not decrease
    crossed   number of rows left out because they do
    """

    def __init__(self, matched: Matched, of: Observed, actuals: Floats) -> None:
        self.source, self.grid = grid_of(of)
        self.y = actuals
        self.quantiles = [matched.numbers(column) for _, column in self.grid]
        complete = ~np.isnan(actuals)
        for quantile in self.quantiles:
            complete &= ~np.isnan(quantile)
        increasing: Mask = np.ones(len(actuals), dtype=bool)
        for low, high in zip(self.quantiles, self.quantiles[1:], strict=False):
            increasing &= low <= high
        self.good = complete & increasing
        self.crossed = int((complete & ~increasing).sum())

    def wis(self) -> Floats:
        """Of each row the mean over the grid of 2 · pinball; NaN where it cannot be computed."""
        total = np.zeros(len(self.y))
        for (probability, _), quantile in zip(self.grid, self.quantiles, strict=True):
            total += 2.0 * pinball(quantile, self.y, probability)
        return np.where(self.good, total / len(self.grid), np.nan)

    def parts(self) -> tuple[Floats, Floats, Floats] | None:
        """Dispersion, penalty below, penalty above of each row, their sum its WIS; None for an
        asymmetric grid.
        """
        count = len(self.grid)
        zero = np.zeros(len(self.y))
        dispersion, below, above = zero.copy(), zero.copy(), zero.copy()
        for i in range((count + 1) // 2):
            low, high = self.grid[i][0], self.grid[count - 1 - i][0]
            if abs(low + high - 1) > _SAME:
                return None
            lower, upper = self.quantiles[i], self.quantiles[count - 1 - i]
            weight = 1.0 if i == count - 1 - i else 2.0
            with np.errstate(over="ignore"):
                dispersion += 2.0 * low * (upper - lower)
                below += weight * np.maximum(lower - self.y, 0.0)
                above += weight * np.maximum(self.y - upper, 0.0)
        return dispersion / count, below / count, above / count


def measure(distribution: Distribution, weights: Floats | None = None) -> DistributionScores:
    """Summarise the rows whose quantiles are all there and in order.

    weights  of each row, NaN or not above 0 for none; None: all the same
    """
    total, n = int((~np.isnan(distribution.y)).sum()), int(distribution.good.sum())
    of_rows, parts = distribution.wis()[distribution.good], distribution.parts()
    wis, of_weights = mean(of_rows), _of(weights, distribution.good)
    means = [None] * 3 if parts is None else [mean(part[distribution.good]) for part in parts]
    reasons = {} if wis is not None else {"wis": "overflow" if n else "no_comparable_keys"}
    if n and means[0] is None:
        reasons["dispersion"] = "asymmetric_quantiles" if parts is None else "overflow"
    return DistributionScores(
        source=distribution.source,
        n=n,
        coverage=n / total if total else None,
        crossed=distribution.crossed,
        wis=wis,
        dispersion=means[0],
        penalty_below=means[1],
        penalty_above=means[2],
        quantiles=_quantiles(distribution) if n else [],
        pit=_pit(distribution) if n else [],
        reasons=reasons,
        weighted_wis=weighted_mean(of_rows, of_weights),
        weight=weight_of(of_weights),
    )


def _of(weights: Floats | None, rows: Mask) -> Floats | None:
    return None if weights is None else weights[rows]


def _quantiles(distribution: Distribution) -> list[QuantileScores]:
    y, n = distribution.y[distribution.good], int(distribution.good.sum())
    scores: list[QuantileScores] = []
    for (probability, column), quantile in zip(
        distribution.grid, distribution.quantiles, strict=True
    ):
        q = quantile[distribution.good]
        below = int((y <= q).sum())
        loss = mean(pinball(q, y, probability))
        scores.append(
            QuantileScores(probability, column, loss, below / n, *wilson_interval(below, n))
        )
    return scores


def _pit(distribution: Distribution) -> list[PitBin]:
    """An actual value that equals a quantile belongs to the bin below it."""
    y, n = distribution.y[distribution.good], int(distribution.good.sum())
    position = np.zeros(n, dtype=np.intp)
    for quantile in distribution.quantiles:
        position += y > quantile[distribution.good]
    counts = np.bincount(position, minlength=len(distribution.grid) + 1)
    edges = [0.0, *(probability for probability, _ in distribution.grid), 1.0]
    return [
        PitBin(low, high, round(high - low, 12), int(count), int(count) / n)
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
