"""Probabilities of outcomes: Brier score and log loss.

Sources: Brier, Monthly Weather Review 78, 1950; Good, JRSS B 14, 1952.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from estimates.accuracy.accuracy_report import ProbabilityScores
from estimates.accuracy.match import Floats, Mask, Matched, mean
from estimates.accuracy.observed import Observed
from estimates.contract.probability_sums import beyond
from estimates.stability.kernels.logarithms import log

_BEYOND = 1e-9
CLIP = 1e-15  # a probability of 0 for what happened would be an infinite loss


@dataclass(frozen=True)
class Losses:
    """Brier score and log loss of each row, NaN where there is none, and how many rows were left
    out and why.
    """

    brier: Floats
    log_loss: Floats
    invalid: int
    unknown: int
    clipped: int


def losses(matched: Matched, of: Observed, outcomes: pl.Series) -> Losses:
    """Compare the probabilities of each row with its outcome (text).

    One label: any other outcome is that it did not happen. Several: an outcome must be one of them.
    """
    p = np.column_stack([matched.numbers(column) for _, column in of.probabilities])
    o = np.column_stack(
        [(outcomes == label).fill_null(value=False).to_numpy() for label, _ in of.probabilities]
    ).astype(np.float64)
    happened, predicted = outcomes.is_not_null().to_numpy(), ~np.isnan(p).any(axis=1)
    valid: Mask = np.all((p >= -_BEYOND) & (p <= 1 + _BEYOND), axis=1)
    several = p.shape[1] > 1
    complete = happened & predicted
    if several:
        valid &= ~beyond(np.abs(p.sum(axis=1) - 1), matched.sum_tolerance)
        unknown = complete & (o.sum(axis=1) == 0)
    else:
        unknown = np.zeros(len(p), dtype=bool)
    good = complete & valid & ~unknown
    chance = (p * o).sum(axis=1) if several else np.where(o[:, 0] == 1, p[:, 0], 1 - p[:, 0])
    brier = ((p - o) ** 2).sum(axis=1)
    log_loss = -log(np.clip(np.where(good, chance, 1.0), CLIP, 1.0)) + 0.0
    return Losses(
        np.where(good, brier, np.nan),
        np.where(good, log_loss, np.nan),
        invalid=int((complete & ~valid).sum()),
        unknown=int((complete & valid & unknown).sum()),
        clipped=int((good & (chance < CLIP)).sum()),
    )


def measure(of: Observed, scores: Losses, actuals: int) -> ProbabilityScores:
    """Summarise; `actuals` is the number of keys whose outcome is known."""
    good = ~np.isnan(scores.brier)
    n = int(good.sum())
    return ProbabilityScores(
        labels=[label for label, _ in of.probabilities],
        n=n,
        coverage=n / actuals if actuals else None,
        invalid=scores.invalid,
        unknown=scores.unknown,
        brier=mean(scores.brier[good]),
        log_loss=mean(scores.log_loss[good]),
        clipped=scores.clipped,
    )
