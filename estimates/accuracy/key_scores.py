"""Scores of single keys as a frame, and their means by any columns.

Sources: Bosse et al., arXiv 2205.07090 (quantile bias, transformed scales); Epstein, Journal of
Applied Meteorology 8, 1969 (ranked probability score).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from estimates.accuracy import interval_score, point_error, probability_score
from estimates.accuracy.actuals import actual
from estimates.accuracy.match import STEP, Floats, Matched
from estimates.accuracy.observed import Observed
from estimates.accuracy.quantile_score import Distribution
from estimates.accuracy.sample_score import draws_of
from estimates.contract.contract import Contract
from estimates.errors import InvalidError

HEAD = ("version", "data_through", "column")
_MEANS = {"error": "bias", "absolute_error": "mae", "wrong": "error_rate"}
_PARTS = ("dispersion", "penalty_below", "penalty_above")
_OF_LEVELS = ("covered_", "interval_score_")
# What scores and their means call their own columns.
_NAMES = {
    *HEAD,
    *("actual", "n", "rmse", "wis", "quantile_bias", "brier", "log_loss", "rps"),
    *_MEANS,
    *_MEANS.values(),
    *_PARTS,
}
_MEDIAN = 1e-9  # two probabilities this near are one


def key_scores(
    matched: Matched, of: Observed, contract: Contract, log_shift: float | None = None
) -> pl.DataFrame:
    """A row a key that has an actual value: its key and attributes (see `own_name`), `horizon` (an
    attribute, or the step of a dated target), `actual`, and its losses, null where there is none.

    log_shift  compare ln(x + log_shift) of estimates and actual values in place of x
    Raises InvalidError (`bad_transform`: a value at or below −log_shift, or a label).
    """
    if log_shift is not None:
        matched = _logarithms(matched, of, log_shift)
    losses = _numeric(matched, of) if of.numeric else _labelled(matched, of)
    attributes = contract.of_role("attribute")
    own = [*matched.key, *attributes]
    # an attribute of that name says it better, in the set's own words
    steps = [pl.col(STEP).alias("horizon")] if STEP in matched.rows.columns else []
    head = matched.rows.select(
        *(pl.col(name).alias(own_name(name)) for name in own),
        *(steps if "horizon" not in own else []),
        pl.col(actual(of.name)).alias("actual"),
    )
    scores = head.with_columns(
        pl.Series(name, values, nan_to_null=True) for name, values in losses.items()
    )
    return scores.filter(pl.col("actual").is_not_null())


def own_name(name: str) -> str:
    """What scores call a column of the set: its name, with `_` in front where a score has it."""
    return f"_{name}" if name in _NAMES or name.startswith(_OF_LEVELS) else name


def means(scores: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The scores of `key_scores` by some columns: `n` keys, and of each loss its mean over the keys
    that have it; `rmse` is the root of the mean of squares.

    by  any of its columns, several together are their combinations; none is one row a column
    Raises InvalidError (`columns`).
    """
    unknown = [name for name in by if name not in scores.columns]
    if unknown:
        raise InvalidError(
            "columns",
            f"there is no column {', '.join(unknown)} to group by; columns: "
            f"{', '.join(groupings(scores))}",
            remedy="group by some of these",
            missing=unknown,
        )
    groups = list(dict.fromkeys(["column", *by]))
    names = loss_names(scores)
    roots = [(pl.col("error") ** 2).mean().sqrt().alias("rmse")] if "error" in names else []
    summary = scores.group_by(groups).agg(pl.len().alias("n"), *roots, pl.col(names).mean())
    known = {old: new for old, new in _MEANS.items() if old in summary.columns}
    return summary.sort(groups, nulls_last=False).rename(known)


def loss_names(scores: pl.DataFrame) -> list[str]:
    """The columns that are losses: those after `actual`."""
    return scores.columns[scores.columns.index("actual") + 1 :]


def groupings(scores: pl.DataFrame) -> list[str]:
    """The columns that scores can be grouped by."""
    return scores.columns[: scores.columns.index("actual")]


def quantile_bias(distribution: Distribution) -> Floats | None:
    """Of each row 1 − 2 τ, τ being the largest probability whose quantile is at most y where y lies
    below the median, the smallest whose quantile is at least y where it lies above; 0 at the
    median, 1 below all quantiles (all too high), −1 above them. None without a median.
    """
    levels = [level for level, _ in distribution.grid]
    middle = [i for i, level in enumerate(levels) if abs(level - 0.5) < _MEDIAN]
    if not middle:
        return None
    y, median = distribution.y, distribution.quantiles[middle[0]]
    below, above = np.zeros(len(y)), np.ones(len(y))
    for level, quantile in zip(levels, distribution.quantiles, strict=True):
        below = np.where(quantile <= y, np.maximum(below, level), below)
        above = np.where(quantile >= y, np.minimum(above, level), above)
    bias = np.where(y < median, 1 - 2 * below, np.where(y > median, 1 - 2 * above, 0.0))
    return np.where(distribution.good, bias, np.nan)


def ranked_probability(matched: Matched, of: Observed) -> Floats | None:
    """Of each row Σ (F_k − O_k)² over the labels in the order of the contract: F_k and O_k are the
    probability, and the outcome, of label k or one before it. None with fewer than three labels.
    """
    labels = [label for label, _ in of.probabilities]
    if len(labels) < 3:
        return None
    outcomes = matched.texts(actual(of.name))
    usable = ~np.isnan(probability_score.losses(matched, of, outcomes).brier)
    total, forecast = np.zeros(len(outcomes)), np.zeros(len(outcomes))
    happened = np.zeros(len(outcomes))
    for label, column in of.probabilities:
        forecast = forecast + matched.numbers(column)
        happened = happened + (outcomes == label).fill_null(value=False).to_numpy()
        total += (forecast - happened) ** 2
    return np.where(usable, total, np.nan)


def _numeric(matched: Matched, of: Observed) -> dict[str, Floats]:
    y = matched.numbers(actual(of.name))
    losses: dict[str, Floats] = {}
    point = of.point or _median(of)
    if point is not None:
        error = point_error.errors(matched.numbers(point), y)
        losses |= {"error": error, "absolute_error": np.abs(error)}
    distribution = Distribution(matched, of, y)
    if distribution.grid:
        losses["wis"] = distribution.wis()
        parts = distribution.parts()
        for name, part in zip(_PARTS, parts or (), strict=False):
            losses[name] = np.where(distribution.good, part, np.nan)
        bias = quantile_bias(distribution)
        losses |= {} if bias is None else {"quantile_bias": bias}
    draws = draws_of(matched, of, y)
    if draws is not None:
        losses |= draws.losses | {"energy_score": draws.energy[0]}
    for interval in of.intervals:
        lower, upper = matched.numbers(interval.lower), matched.numbers(interval.upper)
        level = f"{100 * interval.level:g}"
        inside = interval_score.inside(lower, upper, y)
        score = sum(interval_score.parts(lower, upper, y, interval.level))
        losses[f"covered_{level}"] = inside
        losses[f"interval_score_{level}"] = np.where(np.isnan(inside), np.nan, score)
    return losses


def _median(of: Observed) -> str | None:
    """The column of the median, which stands for a point where there is none."""
    return next((name for level, name in of.quantiles if abs(level - 0.5) < _MEDIAN), None)


def _labelled(matched: Matched, of: Observed) -> dict[str, Floats]:
    outcomes = matched.texts(actual(of.name))
    losses: dict[str, Floats] = {}
    if of.label is not None:
        wrong = (matched.texts(of.label) != outcomes).cast(float)  # null where either is
        losses["wrong"] = wrong.fill_null(float("nan")).to_numpy()
    if of.probabilities:
        both = probability_score.losses(matched, of, outcomes)
        losses |= {"brier": both.brier, "log_loss": both.log_loss}
        ranked = ranked_probability(matched, of)
        losses |= {} if ranked is None else {"rps": ranked}
    return losses


def _logarithms(matched: Matched, of: Observed, shift: float) -> Matched:
    """The same rows with ln(x + shift) in place of each number that is scored."""
    if not of.numeric:
        raise InvalidError(
            "bad_transform",
            f"{of.name} is a label: only numbers have a logarithm",
            remedy="leave the transform out, or name a number",
        )
    if not math.isfinite(shift):
        raise InvalidError(
            "bad_transform",
            f"ln(x + {shift:g}) is no number, whatever x is",
            remedy="add a small number to x, such as 1",
        )
    ends = (name for interval in of.intervals for name in (interval.lower, interval.upper))
    names = dict.fromkeys([actual(of.name), *(name for _, name in of.quantiles), *ends])
    names |= dict.fromkeys([of.point] if of.point is not None else [])
    lists: list[str] = [] if of.samples is None else [of.samples]
    least = matched.rows.select(
        *(pl.col(name).cast(float).min() for name in names),
        *(pl.col(name).list.min().min() for name in lists),
    ).row(0, named=True)
    low = [name for name, value in least.items() if value is not None and value <= -shift]
    if low:
        which = "the column of actual values" if low[0] == actual(of.name) else low[0]
        raise InvalidError(
            "bad_transform",
            f"{which} has values at or below {0.0 - shift:g}, of which ln(x + {shift:g}) is no "
            "number",
            remedy="take a larger shift",
        )
    logs = [(pl.col(name).cast(float) + shift).log().alias(name) for name in names]
    logs += [pl.col(name).list.eval((pl.element() + shift).log()) for name in lists]
    return replace(matched, rows=matched.rows.with_columns(logs))
