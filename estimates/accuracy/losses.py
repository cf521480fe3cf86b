"""The losses of each key, by name: what groups, horizons, baselines and revisions are measured
with.
"""

from __future__ import annotations

import numpy as np

from estimates.accuracy import interval_score, point_error, probability_score
from estimates.accuracy.match import Floats, Matched
from estimates.accuracy.observed import Observed
from estimates.accuracy.quantile_score import Distribution
from estimates.accuracy.sample_score import draws_of

INSIDE = "inside "  # and the level: 1 where the actual value lies in the interval
# Losses in which a version is compared with another one, and those of them that are roots of mean
# squares.
COMPARED = ("mae", "rmse", "wis", "crps", "brier", "log_loss", "error_rate")


def losses(matched: Matched, of: Observed, actuals: str) -> dict[str, Floats]:
    """For each key and loss its value, NaN where there is none.

    actuals  the column with what was observed
    mae is |e|, rmse is e whose squares are averaged, bias is e; error_rate is 1 where the label is
    wrong.
    """
    return (
        _numeric(matched, of, matched.numbers(actuals))
        if of.numeric
        else _labelled(matched, of, actuals)
    )


def known(losses: dict[str, Floats]) -> np.ndarray:
    """Where a key has any of the losses."""
    return np.any([~np.isnan(values) for values in losses.values()], axis=0)


def _numeric(matched: Matched, of: Observed, y: Floats) -> dict[str, Floats]:
    losses: dict[str, Floats] = {}
    if of.point is not None:
        error = point_error.errors(matched.numbers(of.point), y)
        losses |= {"mae": np.abs(error), "rmse": error, "bias": error}
    distribution = Distribution(matched, of, y)
    if distribution.grid:
        losses["wis"] = distribution.wis()
    draws = draws_of(matched, of, y)
    if draws is not None:
        losses["crps"] = draws.losses["crps"]
    for interval in of.intervals:
        ends = matched.numbers(interval.lower), matched.numbers(interval.upper)
        losses[f"{INSIDE}{interval.level:g}"] = interval_score.inside(*ends, y)
    return losses


def _labelled(matched: Matched, of: Observed, actuals: str) -> dict[str, Floats]:
    losses: dict[str, Floats] = {}
    outcomes = matched.texts(actuals)
    if of.label is not None:
        labels = matched.texts(of.label)
        wrong = (labels != outcomes).cast(float)  # null where either is
        losses["error_rate"] = wrong.fill_null(float("nan")).to_numpy()
    if of.probabilities:
        both = probability_score.losses(matched, of, outcomes)
        losses |= {"brier": both.brier, "log_loss": both.log_loss}
    return losses
