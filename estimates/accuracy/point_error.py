"""Errors of point estimates: MAE, RMSE, bias, and MASE against the typical step of the series."""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np
import polars as pl

from estimates.accuracy.actuals import Actuals, actual
from estimates.accuracy.match import (
    Floats,
    Matched,
    mean,
    moment_of,
    root_mean_square,
    weight_of,
    weighted_mean,
)
from estimates.accuracy.point_report import PointScores

_STEPS = 10  # fewest steps of a series that make a typical one
_TYPICAL = "\0typical"


def errors(estimates: Floats, actuals: Floats) -> Floats:
    """Estimate − actual; NaN where either is missing, infinite where the difference does not fit a
    double.
    """
    with np.errstate(over="ignore"):
        return estimates - actuals


def measure(
    error: Floats, steps: Floats, actuals: int, y: Floats, weights: Floats | None = None
) -> PointScores:
    """Summarise the errors of the keys that have one.

    steps    the typical step of each key's series, NaN without one
    actuals  the number of keys with an actual value
    y        the actual values
    weights  of each key, NaN or not above 0 for none; None: all the same
    """
    has_error = ~np.isnan(error)
    e, step = error[has_error], steps[has_error]
    scaled = (step > 0) & np.isfinite(e)  # NaN > 0 is false
    mae, rmse, bias = mean(np.abs(e)), root_mean_square(e), mean(e)
    mase = mean(np.abs(e[scaled]) / step[scaled])
    reasons = {
        name: "overflow"
        for name, value in {"mae": mae, "rmse": rmse, "bias": bias}.items()
        if value is None
    }
    if mase is None:
        reasons["mase"] = "overflow" if scaled.any() else "no_history"
    wape, percentage_bias = _of_total(e, np.abs(y[has_error]))
    if wape is None:
        reason = "overflow" if mae is None or bias is None else "no_total"
        reasons |= dict.fromkeys(("wape", "percentage_bias"), reason)
    scores = PointScores(
        len(e),
        len(e) / actuals,
        mae,
        rmse,
        bias,
        mase,
        int(scaled.sum()),
        reasons,
        wape,
        percentage_bias,
        size=mean(np.abs(y[has_error])),
    )
    return scores if weights is None else _weighted(scores, e, y[has_error], weights[has_error])


def _of_total(e: Floats, sizes: Floats) -> tuple[float | None, float | None]:
    """WAPE and percentage bias; None where what came adds up to 0, or something does not fit."""
    size, off, absolute = mean(sizes), mean(e), mean(np.abs(e))
    if not size or off is None or absolute is None:
        return None, None
    return absolute / size, off / size


def _weighted(scores: PointScores, e: Floats, y: Floats, weights: Floats) -> PointScores:
    """The same with each key times its weight; keys without one are left out."""
    counts = np.isfinite(weights) & (weights > 0)
    w = weights[counts]
    wape, bias = _of_total(w * e[counts], w * np.abs(y[counts]))
    return msgspec.structs.replace(
        scores,
        weighted_mae=weighted_mean(np.abs(e), weights),
        weighted_wape=wape,
        weighted_bias=bias,
        weight=weight_of(weights),
        weighted_size=weighted_mean(np.abs(y), weights),
        weighted_error=weighted_mean(e, weights),
    )


def typical_steps(
    matched: Matched, actuals: Actuals, name: str, through: datetime | None
) -> Floats:
    """For each row the mean |y_t − y_{t−1}| of its series up to `through`: the error of the naive
    forecast then.

    A series is what shares a key but for the target; it needs 10 steps. NaN where there is no such
    series.
    """
    none = np.full(matched.rows.height, np.nan)
    if matched.target is None or through is None or matched.target not in actuals.by:
        return none
    series, value = [part for part in matched.key if part != matched.target], pl.col(actual(name))
    seen = moment_of(actuals.rows.schema[matched.target], matched.target) <= through
    history = actuals.rows.filter(seen & value.is_not_null()).sort([*series, matched.target])
    step = value.diff().over(series) if series else value.diff()
    steps = history.select(*series, step.abs().alias(_TYPICAL)).drop_nulls(_TYPICAL)
    typical = pl.when(pl.len() >= _STEPS).then(pl.col(_TYPICAL).mean()).alias(_TYPICAL)
    if not series:
        typical_of_row = steps.select(typical).item()
        return none if typical_of_row is None else np.full(matched.rows.height, typical_of_row)
    by_series = steps.group_by(series, maintain_order=True).agg(typical)
    typical_of_row = matched.rows.select(series).join(
        by_series, on=series, how="left", maintain_order="left"
    )
    return typical_of_row.get_column(_TYPICAL).fill_null(float("nan")).to_numpy()
