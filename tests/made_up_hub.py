"""A made-up forecast hub: three seasons of weekly quantile forecasts of an epidemic, as hubs have
them; the same seed, the same bytes.

53 places of very different sizes, targets 0 to 3 weeks after a reference date, 23 quantiles. What
was observed is reported late and revised for weeks, and forecasts start from what was known. Weeks
are missed, some are submitted twice, and between two seasons nobody submits anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVELS = (0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 20)), 0.975, 0.99)
QUANTILES = [f"q{level:g}" for level in LEVELS]
KEY = ["location", "target_end_date"]
HORIZONS = 4
SEASONS = (date(2023, 10, 14), date(2024, 10, 12), date(2025, 10, 11))  # Saturdays
WEEKS = 30  # of a season
REPORTED = (0.82, 0.93, 0.97, 0.99)  # of what is known in the end, by weeks since
LOCATIONS = [*(f"{i:02}" for i in range(1, 53)), "US"]
Model = Literal["walk", "trend", "counts"]
MODELS: tuple[Model, ...] = ("walk", "trend", "counts")


class Submission(NamedTuple):
    """One version: what was submitted for a reference date, and what its model knew.

    through  the last day of data, a Saturday
    at       when it arrived; a second submission of a week a day later
    season   0, 1, 2
    """

    reference: date
    through: datetime
    at: datetime
    season: int
    frame: pl.DataFrame


def weeks(season: int) -> list[date]:
    """The reference dates of a season, missed ones among them."""
    return [SEASONS[season] + timedelta(weeks=i) for i in range(WEEKS)]


@cache
def observed(seed: int = 1) -> tuple[list[date], Floats]:
    """The Saturdays of all seasons, and a row a Saturday: counts of each place as known in the
    end. The last place is the sum of all others.
    """
    noise = np.random.default_rng(seed)
    people = np.exp(noise.uniform(np.log(0.55), np.log(39), len(LOCATIONS) - 1))  # millions
    first = SEASONS[0] - timedelta(weeks=8)
    count = (SEASONS[-1] - first).days // 7 + WEEKS + HORIZONS + 8
    days = [first + timedelta(weeks=i) for i in range(count)]
    places = len(people)
    log_rate = np.full((count, places), np.log(2.2))  # a million and week, out of season
    for opening in SEASONS:
        peak = (opening - first).days / 7 + noise.normal(12, 1.2) + noise.normal(0, 1.8, places)
        height, width = noise.uniform(3.0, 3.9, places), noise.uniform(3.6, 5.2, places)
        age = np.arange(count)[:, None] - peak
        log_rate += height * np.exp(-0.5 * (age / width) ** 2)
    wander = np.zeros((count, places))
    for week in range(1, count):  # all places share a part of what nobody foresees
        shocks = 0.08 * noise.normal() + noise.normal(0, 0.1, places)
        wander[week] = 0.85 * wander[week - 1] + shocks
    counts = noise.poisson(people * np.exp(log_rate + wander)).astype(np.float64)
    return days, np.column_stack([counts, counts.sum(axis=1)])


def reported(at: int, seed: int = 1) -> Floats:
    """What was known of the last weeks through week `at`, oldest first: later weeks are revised."""
    days, counts = observed(seed)
    noise = np.random.default_rng((seed, 2, at))
    known = counts[: at + 1].copy()
    for age, share in enumerate(REPORTED):
        spread = (1 - share) / 3
        known[at - age] = np.round(known[at - age] * noise.normal(share, spread, known.shape[1]))
    assert len(days) == len(counts)
    return np.maximum(known, 0)


def truth(at: date, seed: int = 1) -> pl.DataFrame:
    """The target data as a hub shows them on a Saturday: location, date, observation."""
    days, _ = observed(seed)
    known = reported(days.index(at), seed)
    return pl.DataFrame(
        {
            "location": LOCATIONS * len(known),
            "target_end_date": np.repeat(np.array(days[: len(known)]), len(LOCATIONS)).tolist(),
            "observation": known.reshape(-1),
        }
    )


def submissions(
    model: Model = "walk", seed: int = 1, seasons: int = len(SEASONS)
) -> Iterator[Submission]:
    """What a model submitted, in order: about 28 versions a season."""
    noise = np.random.default_rng((seed, 3, MODELS.index(model)))
    for season in range(seasons):
        missed = set(noise.choice(np.arange(3, WEEKS - 2), 3, replace=False).tolist())
        again = set(noise.choice(np.arange(4, WEEKS), 2, replace=False).tolist()) - missed
        for number, reference in enumerate(weeks(season)):
            if number in missed:
                continue
            yield _submission(model, seed, season, reference, 0)
            if number in again:
                yield _submission(model, seed, season, reference, 1)


def _submission(model: Model, seed: int, season: int, reference: date, again: int) -> Submission:
    """The forecast from the data of the Saturday before, submitted on a Wednesday."""
    days, _ = observed(seed)
    at = days.index(reference - timedelta(weeks=1))
    noise = np.random.default_rng((seed, 4, MODELS.index(model), at))
    values = _quantiles(model, reported(at, seed), noise)
    if again:  # a data error of some places was repaired
        some = noise.choice(len(LOCATIONS), 5, replace=False)
        values[some] *= noise.uniform(0.85, 1.15, (5, 1, 1))
    values = np.round(values, 0 if model == "counts" else 2) + 0.0
    through = datetime.combine(days[at] + timedelta(days=1), time(), UTC) - timedelta(
        microseconds=1
    )
    frame = pl.DataFrame(
        {
            "location": np.repeat(LOCATIONS, HORIZONS).tolist(),
            "target_end_date": [
                reference + timedelta(weeks=step) for _ in LOCATIONS for step in range(HORIZONS)
            ],
        }
        | dict(zip(QUANTILES, values.reshape(-1, len(LEVELS)).T, strict=True))
    )
    at_noon = datetime.combine(reference - timedelta(days=3), time(16), UTC)
    return Submission(reference, through, at_noon + timedelta(days=again), season, frame)


def _quantiles(model: Model, known: Floats, noise: np.random.Generator) -> Floats:
    """Place × horizon × level, from the last counts that are known and how fast they grow."""
    last, before, earlier = (known[-i] for i in (1, 2, 3))
    level = np.log(last + 1)
    growth = 0.6 * np.log((last + 1) / (before + 1)) + 0.4 * np.log((before + 1) / (earlier + 1))
    damping = {"walk": 0.35, "trend": 0.6, "counts": 0.5}[model]
    growth = np.clip(damping * growth + noise.normal(0, 0.06), -0.5, 0.7)
    steps = np.arange(1, HORIZONS + 1)
    centre = level[:, None] + growth[:, None] * np.cumsum(0.85**steps)
    centre += noise.normal(0, 0.05, len(level))[:, None]
    small = 0.55 / np.sqrt(last + 1)  # chance is large where counts are small
    fitted = np.exp(noise.normal(0, 0.06, len(level)))[:, None]  # each place is fitted by itself
    spread = fitted * np.sqrt((0.16 + small[:, None]) ** 2 * steps + 0.04 * steps)
    scores = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    return np.maximum(np.expm1(centre[..., None] + spread[..., None] * scores), 0)


def long_form(submission: Submission) -> pl.DataFrame:
    """A submission as the file that a hub asks for: a row a quantile."""
    reference = pl.lit(submission.reference)
    return submission.frame.unpivot(
        index=KEY, variable_name="output_type_id", value_name="value"
    ).select(
        reference.alias("reference_date"),
        pl.lit("wk inc flu hosp").alias("target"),
        ((pl.col("target_end_date") - reference).dt.total_days() // 7).alias("horizon"),
        "target_end_date",
        "location",
        pl.lit("quantile").alias("output_type"),
        pl.col("output_type_id").str.strip_prefix("q"),
        "value",
    )


def drafted(folder: Path) -> str:
    """The contract that `estimates draft` proposes for a model's first file."""
    from estimates_jobs.tables.contract_draft import draft

    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "first.csv"
    long_form(next(submissions())).write_csv(file)
    return draft(file, KEY, "flu").contract


def with_task(submission: Submission) -> pl.DataFrame:
    """A submission as a hub's file reads once it is pivoted: its columns beside the quantiles."""
    target = pl.col("target_end_date")
    return submission.frame.with_columns(
        pl.lit(submission.reference).alias("reference_date"),
        pl.lit("wk inc flu hosp").alias("target"),
        ((target - pl.lit(submission.reference)).dt.total_days() // 7).alias("horizon"),
    )
