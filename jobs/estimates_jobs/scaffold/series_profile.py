"""What a table of observed series is: how far apart its observations are, what is missing, how
often they are 0, whether they have a season.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec
import polars as pl

from estimates import instants
from estimates.contract.columns import KeyType
from estimates.contract.due import OTHER_DAYS
from estimates.contract.job_inputs import Input
from estimates.errors import InvalidError
from estimates.guess.column_types import text_kind
from estimates_jobs.run.calendars import Calendar, Step, calendar_of, first_moment
from estimates_jobs.run.inputs import read_input
from estimates_jobs.scaffold.observed_input import no_column, observed_input
from estimates_jobs.tables.text_options import TextOptions

SERIES, TIME, VALUE, STEP = "series", "time", "y", "step"
# From the longest step to the shortest: the first that the observations keep is theirs.
_CALENDARS = (
    *("year-end", "yearly", "quarter-end", "quarterly", "month-end", "monthly", "weekly"),
    *(f"weekly-{day}" for day in OTHER_DAYS),
    *("weekdays", "monday-to-saturday", "daily"),
)
_EXCHANGES = ("XNYS", "XLON", "XETR", "XPAR", "XSWX", "XTKS", "XHKG", "XTSE")
_SLIPS = 0.02  # of the dates: so many may lie off a calendar
_SUNDAYS_SEEN = 18  # days of work: three Sundays without an observation are no chance
# Steps a season; longer ones are no season that a model could learn.
_SEASONS = {"hourly": 24, "daily": 7, "weekly": 52, "month": 12, "quarter": 4}
_A_SEASON = 0.1  # of the variance, which the steps of a season have to explain


class Columns(msgspec.Struct, frozen=True):
    """Which columns of the table are what."""

    time: str
    ids: tuple[str, ...]
    value: str


class SeriesProfile(msgspec.Struct, frozen=True):
    """What the series of a table are.

    id_types       type of each id column in a key
    ids            the values of each id column, sorted
    series         how many series there are, `combinations` how many there could be
    first, last    the first and the last step with an observation
    length         median number of steps from the first to the last observation of a series
    missing        share of steps without an observation, inside of series
    zeros          share of observations that are 0; lowest: the least observation
    whole          whether all observations are whole numbers
    season         steps a season, 1 for none; `explained`: the share of the variance that its steps
                   explain, median over the series
    newest         the moment of the newest observation
    reading        how cells are read that people wrote, in words; None: as programs write them
    """

    source: str
    rows: int
    calendar: str
    time_type: str
    id_types: dict[str, KeyType]
    ids: dict[str, list[str | int]]
    series: int
    combinations: int
    first: str
    last: str
    length: int
    missing: float
    zeros: float
    lowest: float
    whole: bool
    season: int
    explained: float | None
    newest: datetime
    reading: str | None


class Series(msgspec.Struct):
    """The observations, placed: `series, time, y, step` and the id columns, a row an
    observation with a value; the steps of the calendar from the first to the last; the table as it
    was read.

    spec  the input of a job that reads it
    """

    columns: Columns
    spec: Input
    profile: SeriesProfile
    placed: pl.DataFrame
    steps: list[Step]
    table: pl.DataFrame


def read_series(source: str, columns: Columns, text: TextOptions | None = None) -> Series:
    """Read and profile the series of a table.

    text  what a person says of a CSV file
    Raises InvalidError: `no_column`, `column_type` (values are no numbers), `time_type`, `no_rows`,
    `null_key`, `ambiguous_number`, `duplicate_key` (two observations of one series at one time),
    `unknown_calendar` (steps that no calendar has), and what `read_input` raises.
    """
    _check_roles(source, columns)
    observed_by = observed_input(
        source, columns.time, columns.value, columns.ids, text or TextOptions()
    )
    spec = observed_by.spec
    reading = read_input("observations", spec, instants.now(), text=columns.ids)
    table = reading.frame
    _check_columns(source, table, columns)
    value = pl.col(columns.value)
    present = table.filter(value.is_not_null() & value.cast(pl.Float64).is_not_nan())
    if not present.height:
        raise InvalidError(
            "no_rows",
            f"{source}: there is no observation at a time that has passed",
            remedy="name a table that has some",
        )
    times = _times(present[columns.time])
    calendar = _calendar(source, times)
    observed = present.select(
        *(pl.col(name) for name in columns.ids),
        times.alias(TIME),
        pl.col(columns.value).cast(pl.Float64).alias(VALUE),
    )
    unit = "1h" if calendar.name == "hourly" else "1d"
    steps = calendar.steps(_step(times.min(), unit), _step(times.max(), unit))
    placed = _placed(source, observed, columns, steps, unit)
    newest = reading.digest.newest
    assert newest is not None
    return Series(
        columns,
        spec,
        _profile(source, columns, table, placed, calendar, steps, newest, observed_by.reading),
        placed,
        steps,
        table,
    )


def _check_roles(source: str, columns: Columns) -> None:
    roles = [columns.time, *columns.ids, columns.value]
    twice = next((name for name in roles if roles.count(name) > 1), None)
    if twice is not None:
        raise InvalidError(
            "bad_key_column",
            f"{source}: column {twice!r} is named more than once",
            remedy="name one column each with --time and --value, and all others with --id",
        )


def _check_finite(source: str, values: pl.Series) -> None:
    """Raises InvalidError `column_type` for infinite values, which no model learns from."""
    infinite = values.is_infinite().fill_null(value=False).arg_true()
    if len(infinite):
        raise InvalidError(
            "column_type",
            f"{source}: column {values.name!r}, row {infinite[0] + 1}: {values[infinite[0]]} is no "
            "number that can be forecast",
            remedy="leave the cell empty where there is no observation",
        )


def _check_columns(source: str, table: pl.DataFrame, columns: Columns) -> None:
    names = table.columns
    for name in (*columns.ids, columns.value):
        if name not in names:
            raise no_column(source, name, names)
    if not table.schema[columns.value].is_numeric():
        raise InvalidError(
            "column_type",
            f"{source}: column {columns.value!r} is {table.schema[columns.value]}, not a number",
            remedy="name the column of the observed numbers with --value, or write its numbers "
            "with a point and without separators of thousands",
        )
    _check_finite(source, table[columns.value])
    for name in columns.ids:
        if table[name].null_count():
            raise InvalidError(
                "null_key",
                f"{source}: column {name!r} is empty in {table[name].null_count():,} rows",
                remedy="every observation needs the ids of its series; fill them in",
            )


def _times(times: pl.Series) -> pl.Series:
    """The times as instants in UTC."""
    if times.dtype == pl.Date:
        return times.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    times = times.dt.cast_time_unit("us")
    if getattr(times.dtype, "time_zone", None) is None:
        return times.dt.replace_time_zone("UTC")
    return times.dt.convert_time_zone("UTC")


def _step(moment: object, unit: str) -> Step:
    assert isinstance(moment, datetime)
    return moment.replace(minute=0, second=0, microsecond=0) if unit == "1h" else moment.date()


def _calendar(source: str, times: pl.Series) -> Calendar:
    """The calendar with the longest steps that the observations keep."""
    moments = times.unique().sort()
    days = moments.dt.date().unique().sort()
    if len(days) < len(moments):
        hours = moments.dt.truncate("1h")
        if hours.n_unique() < len(moments):
            raise InvalidError(
                "unknown_calendar",
                f"{source}: observations lie less than an hour apart",
                remedy="aggregate them by the hour first",
            )
        return calendar_of("hourly")
    if len(days) < 2:
        return calendar_of("daily")
    first, last = days[0], days[-1]
    for name in _CALENDARS:
        calendar = calendar_of(name)
        steps = pl.Series(calendar.steps(first, last), dtype=pl.Date)
        if name == "monday-to-saturday" and len(steps) < _SUNDAYS_SEEN:
            continue
        if len(days.filter(days.is_in(steps.implode()))) >= (1 - _SLIPS) * len(days):
            return _sessions(days, steps) or calendar if name == "weekdays" else calendar
    raise AssertionError("every date is a day")


def _sessions(days: pl.Series, weekdays: pl.Series) -> Calendar | None:
    """The exchange whose sessions the dates are, where weekdays are missing among them."""
    missing = weekdays.filter(~weekdays.is_in(days.implode()))
    if len(missing) < 3:
        return None
    for code in _EXCHANGES:
        exchange = calendar_of(code)
        sessions = exchange.steps(days[0], days[-1])
        if sessions and set(sessions) == set(days):
            return exchange
    return None


def _placed(
    source: str, observed: pl.DataFrame, columns: Columns, steps: list[Step], unit: str
) -> pl.DataFrame:
    numbers = pl.DataFrame(
        {
            "moment": pl.Series(
                [first_moment(step) for step in steps], dtype=pl.Datetime("us", "UTC")
            )
        }
    ).with_row_index(STEP)
    ids = list(columns.ids)
    number = pl.struct(ids).rank("dense") - 1 if ids else pl.lit(0)
    placed = (
        observed.with_columns(pl.col(TIME).dt.truncate(unit).alias("moment"))
        .join(numbers, on="moment", how="inner")
        .with_columns(number.cast(pl.Int64).alias(SERIES), pl.col(STEP).cast(pl.Int64))
        .drop("moment")
        .sort(SERIES, STEP)
    )
    twice = placed.filter(pl.struct(SERIES, STEP).is_duplicated())
    if twice.height:
        name = "/".join(str(twice[column][0]) for column in ids) or "the only series"
        values = " and ".join(f"{value:.15g}" for value in twice[VALUE][:2])
        more = f"; {twice.height:,} rows share a step" if twice.height > 2 else ""
        raise InvalidError(
            "duplicate_key",
            f"{source}: two observations of {name} in the step of {steps[twice[STEP][0]]}, "
            f"{values}{more}",
            remedy="where rows are there twice keep one, where they are parts of a step add them "
            "up first, where another column tells them apart name it with --id",
        )
    return placed


def _profile(
    source: str,
    columns: Columns,
    table: pl.DataFrame,
    placed: pl.DataFrame,
    calendar: Calendar,
    steps: list[Step],
    newest: datetime,
    reading: str | None,
) -> SeriesProfile:
    types: dict[str, KeyType] = {
        name: "integer" if text_kind(placed[name].cast(pl.String)) == "integer" else "string"
        for name in columns.ids
    }
    ids = {
        name: (placed[name].cast(pl.Int64) if kind == "integer" else placed[name].cast(pl.String))
        .unique()
        .sort()
        .to_list()
        for name, kind in types.items()
    }
    combinations = 1
    for values in ids.values():
        combinations *= len(values)
    spans = placed.group_by(SERIES).agg(
        (pl.col(STEP).max() - pl.col(STEP).min() + 1).alias("length"), pl.len().alias("n")
    )
    length = int(_number(spans["length"].median()))
    season = next((n for stem, n in _SEASONS.items() if calendar.name.startswith(stem)), 1)
    season = 5 if calendar.name == "weekdays" or calendar.name in _EXCHANGES else season
    season = 6 if calendar.name == "monday-to-saturday" else season
    explained = _explained(placed, season) if 1 < season <= (length - 1) // 2 else None
    return SeriesProfile(
        source=source,
        rows=table.height,
        calendar=calendar.name,
        time_type="timestamp" if calendar.name == "hourly" else "date",
        id_types=types,
        ids=ids,
        series=spans.height,
        combinations=combinations,
        first=_text(steps[0]),
        last=_text(steps[-1]),
        length=length,
        missing=1 - placed.height / _number(spans["length"].sum()),
        zeros=_number((placed[VALUE] == 0).mean()),
        lowest=_number(placed[VALUE].min()),
        whole=bool((placed[VALUE] == placed[VALUE].round()).all()),
        season=season if explained is not None and explained >= _A_SEASON else 1,
        explained=explained,
        newest=newest,
        reading=reading,
    )


def _number(value: object) -> float:
    """What polars computes of a column of numbers that has some."""
    assert isinstance(value, int | float)
    return float(value)


def _text(step: Step) -> str:
    if isinstance(step, datetime):
        return instants.text(step)
    assert isinstance(step, date)
    return step.isoformat()


def _explained(placed: pl.DataFrame, season: int) -> float | None:
    """The share of the variance that the steps of a season explain beyond what they would of noise,
    median over the series. Of changes from step to step, so that a trend counts for nothing.
    """
    changes = placed.with_columns(
        pl.col(VALUE).diff().over(SERIES).alias("change"),
        (pl.col(STEP) % season).alias("phase"),
    ).drop_nulls("change")
    means = pl.col("change").mean().over(SERIES, "phase")
    shares = (
        changes.with_columns(means.alias("mean"))
        .group_by(SERIES)
        .agg(
            (pl.col("mean").var() / pl.col("change").var()).alias("share"),
            ((season - 1) / pl.len()).alias("by_chance"),
        )
        .select(pl.col("share") - pl.col("by_chance"))
        .to_series()
    )
    median = shares.filter(shares.is_finite()).median()
    return float(median) if isinstance(median, float) else None
