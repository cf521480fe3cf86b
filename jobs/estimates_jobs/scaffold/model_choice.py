"""A few models, each as a run would compute it, at some moments of the past; and the one that is
taken, with its numbers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import process_time

import msgspec
import polars as pl

from estimates import instants
from estimates.contract.contract import Contract
from estimates.contract.job_inputs import Job
from estimates.errors import InvalidError
from estimates.render.wording import count
from estimates_jobs.run.calendars import Step, calendar_of
from estimates_jobs.run.context import Context
from estimates_jobs.scaffold.series_profile import SERIES, STEP, TIME, VALUE, Series

MOMENTS = 3  # at which each model is tried
_SAMPLE = 40  # series that it is tried on, spread over all
_AS_GOOD = 1.02  # times the least error
_LEVEL = 0.8  # of the interval that is compared with the observations
_SHORTEST = 10  # observations that the forecast job wants of a series
_SEASONS = 3  # that models with a season learn from at least, where there are as many
PATIENCE_S = 90.0  # for a forecast of all series; a slower model is not taken by itself


class Trial(msgspec.Struct, frozen=True):
    """How one model did.

    mae        mean absolute error, in the unit of the value
    mase       mean over the series of their mean absolute error over that of the naive forecast of
               one season before, inside what each could see; None where every series stands still
    covered    share of the observations inside the 80 % interval
    forecasts  how many forecasts were compared with an observation; of a model that is too slow
               those of the newest moment
    seconds    of processor time for one forecast of all series, guessed from the sample
    """

    model: str
    season: int
    mae: float | None
    mase: float | None
    covered: float | None
    forecasts: int
    seconds: float

    @property
    def is_slow(self) -> bool:
        """Whether it was tried at the newest moment alone, and is not taken by itself."""
        return self.seconds > PATIENCE_S


class Choice(msgspec.Struct, frozen=True):
    """The trials, the simplest model first, and the one that is taken.

    moments  the `data_through` at which each model was tried
    series   how many series it was tried on
    """

    trials: list[Trial]
    chosen: Trial
    moments: list[datetime]
    series: int


def choose(
    series: Series, contract: Contract, horizon: int, announce: Callable[[str], None]
) -> Choice:
    """Try the models on the newest stretch of the series under the set's own contract.

    Raises InvalidError `too_few_observations` where no model has enough to learn from.
    """
    steps = series.steps
    stride = min(horizon, (len(steps) - _needed(len(steps), series.profile.season)) // MOMENTS)
    if stride < 1:
        raise InvalidError(
            "too_few_observations",
            f"{series.profile.source}: {count(len(steps), 'step')} from the first observation to "
            f"the last; a forecast needs {_SHORTEST}, and as many more as it is tried on",
            remedy=f"give a longer history, at least {_SHORTEST + MOMENTS} steps",
        )
    ends = [steps[-1 - stride * (number + 1)] for number in range(MOMENTS)]
    sample = _sample(series)
    observed = _observed(series, contract, sample)
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory() as folder:
        path, one_of_them = Path(folder) / "sample.parquet", Path(folder) / "first.parquet"
        _table_of(series, sample).write_parquet(path)
        _table_of(series, sample[:1]).write_parquet(one_of_them)
        moments = [_moment(contract, end) for end in ends]
        contexts = [Context(_on(contract, path), moment) for moment in moments]
        first = Context(_on(contract, one_of_them), moments[0])
        scales = _scales(series, sample, steps.index(ends[-1]))
        for model, season in _candidates(series.profile.season):
            announce(f"back-test {model}")
            _forecast(first, model, season)  # what it loads and compiles counts for no model
            trials.append(
                _trial(model, season, contexts, observed, scales, contract, series, len(sample))
            )
    return Choice(trials, _best(series.profile.source, trials), sorted(moments), len(sample))


def _needed(length: int, season: int) -> int:
    """Steps before the first moment: some seasons, or models that know them would lose to those
    that do not for want of a history; of a short one at most half.
    """
    return max(_SHORTEST, min(_SEASONS * season, length // 2))


def _candidates(season: int) -> list[tuple[str, int]]:
    """Models and their season, the simplest first."""
    seasonal = [("SeasonalNaive", season)] if season > 1 else []
    return [
        ("Naive", 1),
        *seasonal,
        ("RandomWalkWithDrift", 1),
        ("HistoricAverage", 1),
        ("AutoTheta", season),
        ("AutoETS", season),
    ]


def _sample(series: Series) -> list[int]:
    """Numbers of series spread over all that reach the end."""
    newest = len(series.steps) - 1
    lengths = series.placed.group_by(SERIES).agg(pl.col(STEP).max().alias("end"), pl.len())
    lasting = lengths.filter(pl.col("end") >= newest - 5).sort(SERIES)[SERIES].to_list()
    lasting = lasting or lengths.sort(SERIES)[SERIES].to_list()
    if len(lasting) <= _SAMPLE:
        return lasting
    return [lasting[number * len(lasting) // _SAMPLE] for number in range(_SAMPLE)]


def _table_of(series: Series, sample: list[int]) -> pl.DataFrame:
    """The rows of some series, in the columns and types of the source."""
    columns = series.columns
    rows = series.placed.filter(pl.col(SERIES).is_in(sample))
    time = rows[TIME]
    if series.table.schema[columns.time] == pl.Date:
        time = time.dt.date()
    return rows.select(
        *(pl.col(name) for name in columns.ids),
        time.alias(columns.time),
        pl.col(VALUE).alias(columns.value),
    )


def _on(contract: Contract, path: Path) -> Contract:
    """The contract with the built-in job on a table of its own."""
    job = contract.job
    assert job is not None
    inputs = {
        name: msgspec.structs.replace(spec, source=str(path), query=None)
        for name, spec in job.inputs.items()
    }
    return msgspec.structs.replace(contract, job=Job("forecast", job.parameters, inputs))


def _moment(contract: Contract, end: Step) -> datetime:
    if isinstance(end, datetime):
        return end
    calendar = calendar_of(getattr(contract.domain, "calendar", "daily"))
    return min(calendar.known_at(end), instants.now())


def _observed(series: Series, contract: Contract, sample: list[int]) -> pl.DataFrame:
    """What was observed, by the key columns of the set."""
    profile = series.profile
    rows = series.placed.filter(pl.col(SERIES).is_in(sample))
    keys = zip(contract.key, profile.id_types.items(), strict=False)  # the target comes last
    steps = pl.Series(series.steps, dtype=_target_type(series)).gather(rows[STEP])
    kinds = {"integer": pl.Int64, "string": pl.String}
    return rows.select(
        *(pl.col(name).cast(kinds[kind]).alias(key) for key, (name, kind) in keys),
        steps.alias(STEP),
        pl.col(SERIES),
        pl.col(VALUE),
    )


def _target_type(series: Series) -> pl.DataType:
    return pl.Datetime("us", "UTC") if series.profile.time_type == "timestamp" else pl.Date()


def _scales(series: Series, sample: list[int], end: int) -> pl.DataFrame:
    """Of each series its mean absolute change from one season before, up to a step."""
    lag = series.profile.season
    rows = series.placed.filter(pl.col(SERIES).is_in(sample) & (pl.col(STEP) <= end))
    before = rows.select(SERIES, pl.col(STEP) + lag, pl.col(VALUE).alias("before"))
    changes = rows.join(before, on=[SERIES, STEP])
    scale = (pl.col(VALUE) - pl.col("before")).abs().mean().alias("scale")
    return changes.group_by(SERIES).agg(scale)


def _trial(
    model: str,
    season: int,
    contexts: list[Context],
    observed: pl.DataFrame,
    scales: pl.DataFrame,
    contract: Contract,
    series: Series,
    sampled: int,
) -> Trial:
    frames: list[pl.DataFrame] = []
    seconds = 0.0
    for context in contexts:
        started = process_time()
        frames.append(_forecast(context, model, season))
        seconds = (process_time() - started) * series.profile.series / sampled
        if seconds > PATIENCE_S:
            break
    point = contract.points[0]
    interval = next(i for i in contract.intervals() if i.level == _LEVEL)
    assert contract.target is not None
    compared = (
        pl.concat(frames)
        .drop_nulls(point)
        .rename({contract.target: STEP})
        .join(observed, on=[*(key for key in contract.key if key != contract.target), STEP])
    )
    error = (pl.col(point) - pl.col(VALUE)).abs()
    by_series = compared.group_by(SERIES).agg(error.mean().alias("mae")).join(scales, on=SERIES)
    ratios = by_series.filter(pl.col("scale") > 0).select(pl.col("mae") / pl.col("scale"))
    inside = pl.col(VALUE).is_between(interval.lower, interval.upper)
    return Trial(
        model=model,
        season=season,
        mae=_mean(compared.select(error).to_series()),
        mase=_mean(ratios.to_series()),
        covered=_mean(compared.select(inside.cast(pl.Float64)).to_series()),
        forecasts=compared.height,
        seconds=seconds,
    )


def _forecast(context: Context, model: str, season: int) -> pl.DataFrame:
    from estimates_jobs.builtin.forecast import forecast

    context.parameters |= {"model": model, "season_length": season}
    return forecast(context)


def _mean(values: pl.Series) -> float | None:
    mean = values.mean()
    return mean if isinstance(mean, float) else None


def _best(source: str, trials: list[Trial]) -> Trial:
    """Of the models with about the least error, among those that are quick enough, the one whose
    80 % interval has nearest to 80 % of the observations; the simpler one of two that are as near.
    """
    quick = [t for t in trials if not t.is_slow] or trials
    most = max(trial.forecasts for trial in trials)
    able = [t for t in quick if t.mae is not None and t.forecasts >= 0.9 * most] or [
        t for t in quick if t.mae is not None
    ]
    if not able:
        raise InvalidError(
            "too_few_observations",
            f"{source}: no model gave a forecast that could be compared with an observation",
            remedy="give a longer history of the series",
        )
    least = min(map(_error, able))
    good = [trial for trial in able if _error(trial) <= _AS_GOOD * least]
    return min(good, key=lambda trial: round(abs((trial.covered or 0.0) - _LEVEL), 2))


def _error(trial: Trial) -> float:
    return trial.mase if trial.mase is not None else trial.mae or 0.0
