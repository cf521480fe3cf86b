"""The revision triangle of a set: what each version said of each key, and how such estimates get
revised (T4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.alignment import Mask, Rows
from estimates.stability.scalar import mean_of
from estimates.stability.through_time.chain import MIN_PAIRS
from estimates.stability.through_time.ols_hac import lags_of, line, mean_error
from estimates.stability.through_time.revision_report import Across, NewsOrNoise, RevisionStatistics
from estimates.stability.through_time.revisions import ValueHistories
from estimates.stability.value_kinds import Floats

VERSION, HORIZON, VALUE, ACTUAL = (
    "\0version",
    "\0horizon",
    "\0value",
    "\0actual",
)  # no column of a contract is so called
MIN_DATES = 10  # below that an error over dates says nothing


@dataclass(frozen=True)
class FiniteEstimates:
    """Finite estimates, by key, oldest version first.

    values   them, by key
    series   of each, the number of its key without the target: what is one line over time
    date     of each, the number of its target; None without a dated one
    horizon  of each, the step of its target after what its run could see, from 1; None likewise
    actual   of each, what became of it, NaN where nothing is known; None when nobody asked
    """

    values: ValueHistories
    series: Rows
    date: NDArray[np.int64] | None
    horizon: NDArray[np.int64] | None
    actual: Floats | None


def triangle_of(rows: pl.DataFrame, key: list[str], across: Across) -> pl.DataFrame:
    """The triangle: a row a key, a column a horizon (`h5`, farthest first) or a version (`v5`,
    oldest first).

    rows  the key columns, VERSION, HORIZON, VALUE; of two versions at one horizon the newer counts
    """
    of, letter = (HORIZON, "h") if across == "horizon" else (VERSION, "v")
    numbers = rows.get_column(of).unique().sort(descending=across == "horizon").to_list()
    newest = rows.sort(VERSION).unique(subset=[*key, of], keep="last", maintain_order=True)
    columns = [
        newest.filter(pl.col(of) == number).select(*key, pl.col(VALUE).alias(f"{letter}{number}"))
        for number in numbers
    ]
    table = rows.select(key).unique().sort(key)
    for column in columns:
        table = table.join(column, on=key, how="left", maintain_order="left")
    return table


def revision_statistics(estimates: FiniteEstimates) -> list[RevisionStatistics]:
    """How the estimates were revised, all together and by horizon; [] when none was."""
    moves, newer = estimates.values.moves(), estimates.values.newer
    if not len(newer) or not np.isfinite(moves.d).all():
        return []
    every = np.ones(len(newer), dtype=bool)
    if estimates.horizon is None:
        return [_of(estimates, every, None)]
    horizon = estimates.horizon[newer]
    return [
        _of(estimates, every, None),
        *(_of(estimates, horizon == step, int(step)) for step in np.unique(horizon)),
    ]


def news_or_noise(estimates: FiniteEstimates) -> list[NewsOrNoise]:
    """Whether actual values were news to the estimates, by horizon; [] without any."""
    if estimates.actual is None:
        return []
    has_actual = np.isfinite(estimates.actual)
    if estimates.horizon is None:
        return [_regression(estimates, has_actual, None)] if has_actual.any() else []
    return [
        _regression(estimates, has_actual & (estimates.horizon == step), int(step))
        for step in np.unique(estimates.horizon[has_actual])
    ]


def _of(estimates: FiniteEstimates, chosen: Mask, horizon: int | None) -> RevisionStatistics:
    moves, newer = estimates.values.moves(), estimates.values.newer
    d, later, rows = moves.d[chosen], moves.b[chosen], newer[chosen]
    reasons: dict[str, str] = {}
    time, dates, lags = _dates(estimates, rows, horizon)
    if time is None or dates is None or dates < MIN_DATES:
        reasons["mean_se"] = "undated" if time is None else "few_dates"
    signal = _within(later, estimates.series[rows])
    if not signal:
        reasons["noise_to_signal"] = "unmoved"
    if not np.abs(later).any():
        reasons["relative_mean_absolute"] = "degenerate_scale"
    correlation, pairs = _correlation(estimates, chosen)
    if pairs < MIN_PAIRS or correlation is None:
        reasons["autocorrelation"] = "few_pairs" if pairs < MIN_PAIRS else "unmoved"
    return RevisionStatistics(
        horizon=horizon,
        n=len(d),
        dates=dates,
        lags=lags,
        mean=mean_of(d),
        mean_se=None if "mean_se" in reasons or time is None else mean_error(d, time, lags or 0),
        mean_absolute=mean_of(np.abs(d)),
        root_mean_square=float(np.sqrt(mean_of(d**2))),
        relative_mean_absolute=float(np.abs(d).sum() / np.abs(later).sum())
        if np.abs(later).any()
        else None,
        noise_to_signal=float(np.std(d)) / signal if signal else None,
        autocorrelation=None if "autocorrelation" in reasons else correlation,
        pairs=pairs,
        reasons={metric: reasons[metric] for metric in sorted(reasons)},
    )


def _correlation(estimates: FiniteEstimates, chosen: Mask) -> tuple[float | None, int]:
    """Of revisions with the one before of the same key, over all keys."""
    moves, owner = estimates.values.moves(), estimates.values.chain[estimates.values.newer]
    later = np.flatnonzero((owner[1:] == owner[:-1]) & chosen[1:]) + 1
    return _corr(moves.d[later], moves.d[later - 1]), len(later)


def _regression(estimates: FiniteEstimates, chosen: Mask, horizon: int | None) -> NewsOrNoise:
    assert estimates.actual is not None
    rows = np.flatnonzero(chosen)
    p, y = estimates.values.numbers[rows].cast(pl.Float64).to_numpy(), estimates.actual[rows]
    time, dates, lags = _dates(estimates, rows, horizon)
    reason = (
        "few_dates"
        if dates is not None and dates < MIN_DATES
        else "few_values"
        if len(rows) < MIN_PAIRS
        else None
    )
    fitted = (
        None if reason else line(p, y, np.arange(len(rows)) if time is None else time, lags or 0)
    )
    reason = reason or ("unmoved" if fitted is None else None)
    return NewsOrNoise(
        horizon=horizon,
        n=len(rows),
        dates=dates,
        lags=lags,
        corr_revision_estimate=None if reason else _corr(y - p, p),
        corr_revision_actual=None if reason else _corr(y - p, y),
        alpha=None if fitted is None else fitted.alpha,
        alpha_se=None if fitted is None else fitted.alpha_se,
        beta=None if fitted is None else fitted.beta,
        beta_se=None if fitted is None else fitted.beta_se,
        reason=reason,
    )


def _dates(
    estimates: FiniteEstimates, rows: Rows, horizon: int | None
) -> tuple[NDArray[np.int64] | None, int | None, int | None]:
    """The number of each row's date among them, how many there are, and how many lags an error over
    them has.
    """
    if estimates.date is None:
        return None, None, None
    dates, time = np.unique(estimates.date[rows], return_inverse=True)
    longest = (
        int(estimates.horizon[rows].max()) if estimates.horizon is not None and len(rows) else 1
    )
    return time.astype(np.int64), len(dates), lags_of(len(dates), (horizon or longest) - 1)


def _within(x: Floats, series: Rows) -> float:
    """The standard deviation of numbers around the mean of their series; 0 when it is nothing but
    rounding.
    """
    of = np.unique(series, return_inverse=True)[1]
    mean = np.bincount(of, x) / np.bincount(of)
    sd = float(np.sqrt(mean_of((x - mean[of]) ** 2)))
    return sd if sd > 1e-12 * float(np.abs(x).max(initial=0.0)) else 0.0


def _corr(x: Floats, y: Floats) -> float | None:
    """Pearson's correlation; None when either is constant."""
    if len(x) < 2:
        return None
    e, f = x - x.mean(), y - y.mean()
    if np.abs(e).max() <= 1e-12 * np.abs(x).max() or np.abs(f).max() <= 1e-12 * np.abs(y).max():
        return None
    size = float(np.sqrt((e**2).sum()) * np.sqrt((f**2).sum()))
    return max(-1.0, min(1.0, float((e * f).sum()) / size)) if size else None
