"""The series that a forecast reads: their observations, and what keeps one from being forecast."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from estimates.contract.columns import key_text
from estimates.contract.conform import DTYPES
from estimates.contract.contract import Contract
from estimates.contract.domain import RollingDomain
from estimates.contract.number_text import NumberOptions, numbers_of
from estimates.contract.text_values import parsed
from estimates.errors import InvalidError
from estimates_jobs.builtin.forecast_plan import Plan
from estimates_jobs.builtin.forecast_steps import STEP, Steps
from estimates_jobs.run.context import Context

SERIES = "series"  # row number of a series' id
_NAMED = 20  # series named in a warning
INSIDE = "steps missing inside"
_FEW = 0.05  # of a series' observations: so many are slips, more are another calendar
_NAMED_STEPS = 3  # steps named of a series


def listed_series(contract: Contract, plan: Plan) -> pl.DataFrame:
    """The series that the contract lists: their ids, and a number for each."""
    assert isinstance(contract.domain, RollingDomain)
    keys = pl.DataFrame({SERIES: [0]})
    for name in plan.ids:
        values = pl.Series(name, contract.domain.values[name]).cast(DTYPES[contract.key[name].type])
        keys = keys.join(values.to_frame(), how="cross")
    return keys.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(SERIES))


def observations(context: Context, plan: Plan, keys: pl.DataFrame) -> pl.DataFrame:
    """The observations of the domain's series as `series, time, y`, sorted; those without a value
    are left out. Raises InvalidError (`no_column`, `column_type`, `bad_value`,
    `ambiguous_number`).
    """
    codes = [column for name, column in plan.ids.items() if keys.schema[name] == pl.String]
    table = context.input(plan.input, text=codes)
    needed = [*plan.ids.values(), plan.time, plan.parameters.value]
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise InvalidError(
            "no_column",
            f"input {plan.input!r}: there is no column {', '.join(missing)}",
            remedy=f"columns: {', '.join(table.columns)}",
        )
    table = _with_numbers(context, table, plan.parameters.value)
    kind = table.schema[plan.parameters.value]
    if not kind.is_numeric():
        raise InvalidError(
            "column_type",
            f"input {plan.input!r}: {plan.parameters.value!r} is {kind}, not a number",
            remedy="write its numbers as 1.5, or name another column as value in [job.parameters]",
        )
    named = table.select(
        *(
            pl.col(column).cast(keys.schema[name], strict=False).alias(name)
            for name, column in plan.ids.items()
        ),
        pl.col(plan.time).alias("time"),
        pl.col(plan.parameters.value).cast(pl.Float64).alias("y"),
    )
    listed = _listed(context, named, keys, list(plan.ids))
    present = listed.filter(pl.col("y").is_not_null() & pl.col("y").is_not_nan())
    return present.select(SERIES, _instants(present, plan), "y").sort(SERIES, "time", "y")


def _with_numbers(context: Context, table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Text as numbers, as people write them and with words for nothing; what that changed is a
    warning.
    """
    text = table.get_column(name)
    if text.dtype != pl.String or numbers_of(text, None) is None:
        return table
    notes: list[str] = []
    numbers = parsed(text, "float", options=NumberOptions(None, notes))
    for note in notes:
        context.warn(note)
    return table.with_columns(numbers)


def _listed(
    context: Context, named: pl.DataFrame, keys: pl.DataFrame, ids: list[str]
) -> pl.DataFrame:
    """The rows whose ids the domain lists, with the number of their series."""
    if not ids:  # the target is the whole key: there is one series
        return named.with_columns(pl.lit(0, pl.Int64).alias(SERIES))
    foreign = named.join(keys, on=ids, how="anti").select(ids).unique().sort(ids)
    if foreign.height:
        context.warn(f"not in the domain, left out: {series_names(foreign)}")
    return named.join(keys, on=ids, how="inner")


def _instants(frame: pl.DataFrame, plan: Plan) -> pl.Expr:
    """The time column as instants: a date is its first moment in UTC, as a target is."""
    kind = frame.schema["time"]
    if kind == pl.Date:
        return pl.col("time").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(kind, pl.Datetime):
        time = pl.col("time").dt.cast_time_unit("us")
        return (
            time.dt.replace_time_zone("UTC")
            if kind.time_zone is None
            else time.dt.convert_time_zone("UTC")
        )
    raise InvalidError(
        "column_type",
        f"input {plan.input!r}: {plan.time!r} is {kind}, not a date or a timestamp",
        remedy="write its times as 2026-11-24, or name another column as time under "
        f"[job.inputs.{plan.input}]",
    )


def place(
    context: Context, plan: Plan, observed: pl.DataFrame, keys: pl.DataFrame
) -> tuple[Steps, pl.DataFrame]:
    """The steps of the calendar, and the newest `history` observations of each series with the
    number of their step. A few that lie off the calendar are left out, with a warning.
    """
    assert context.calendar is not None
    if plan.parameters.history is not None:
        observed = observed.group_by(SERIES, maintain_order=True).tail(plan.parameters.history)
    steps = Steps(context.calendar, observed["time"], context.targets[0])
    placed = steps.numbered(observed)
    is_off = pl.col(STEP).is_null()
    few = is_off & (is_off.mean().over(SERIES) <= _FEW)
    off = placed.filter(few).group_by(SERIES).agg(pl.col("time").alias("off")).sort(SERIES)
    if off.height:
        at = pl.Series([_text(steps, times, None, None) for times in off["off"].to_list()])
        names = off.join(keys, on=SERIES, maintain_order="left").select(list(plan.ids))
        left_out = f"observations off the calendar {steps.calendar}, left out"
        context.warn(f"{left_out}: {series_names(names, at)}")
    return steps, placed.filter(~few)


def summarise(plan: Plan, steps: Steps, placed: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """For each series of the domain: `first` and `length` in steps, `last`, `late` (steps missing
    at its end), `trouble` (null without any), `at` (the steps that are missing inside, or times
    that are to blame), `widen` (how much too narrow a model takes its errors for).
    """
    p = plan.parameters
    seen = pl.col(STEP).drop_nulls()
    summary = placed.group_by(SERIES, maintain_order=True).agg(
        pl.len().alias("n"),
        seen.min().alias("first"),
        (seen.max() - seen.min() + 1).alias("length"),
        pl.col("y").last().alias("last"),
        pl.col("y").min().alias("lowest"),
        pl.col("y").is_infinite().any().alias("infinite"),
        pl.col("time").filter(pl.col(STEP).is_null()).alias("off"),
        pl.col(STEP).filter(pl.col(STEP).is_duplicated()).unique().sort().alias("twice"),
        (steps.target - 1 - seen.max()).clip(0).alias("late"),
    )
    summary = keys.select(SERIES).join(summary, on=SERIES, how="left", maintain_order="left")
    summary = summary.join(_gaps(plan, summary, placed), on=SERIES, how="left")
    off, twice, gap = (pl.col(name).list.len().fill_null(0) > 0 for name in ("off", "twice", "gap"))
    reason = (
        pl.when(pl.col("n").is_null()).then(pl.lit("no observations"))
        .when(off).then(pl.lit(f"observations off the calendar {steps.calendar}"))
        .when(twice).then(pl.lit(f"two observations of one step of the calendar {steps.calendar}"))
        .when(pl.col("infinite")).then(pl.lit("infinite observations"))
        .when(pl.col("late") > p.stale_after).then(pl.lit(f"stale, more than {p.stale_after} steps "
                                                          "missing at the end"))
        .when(pl.col("n") < p.shortest).then(pl.lit(f"shorter than {p.shortest} observations"))
        .when(pl.lit(p.log) & (pl.col("lowest") <= 0)).then(pl.lit("not above 0, so there is no "
                                                                   "logarithm"))
        .when(gap & ~pl.col("bridged")).then(pl.lit(f"{INSIDE}, which {p.model} does not take (the "
                                                    'parameter gaps = "interpolate" fills them)'))
    )  # fmt: skip
    at = [_text(steps, *row) for row in summary.select("off", "twice", "gap").iter_rows()]
    summary = summary.with_columns(
        pl.col("late").fill_null(0), reason.alias("trouble"), pl.Series("at", at, dtype=pl.String)
    )
    # of other troubles the steps say nothing
    of_steps = off | twice | pl.col("trouble").str.starts_with(INSIDE).fill_null(True)
    where = pl.when(of_steps).then("at").alias("at")
    return summary.select(SERIES, "first", "length", "last", "late", "trouble", where, "widen")


def _gaps(plan: Plan, summary: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Of each series with steps missing inside: which (`gap`), whether a forecast is possible all
    the same (`bridged`), and `widen`.

    A naive model averages the squares of its errors over all steps, also those that have none.
    """
    p, on = plan.parameters, [SERIES, STEP]
    spans = summary.drop_nulls("first").select(
        SERIES,
        "first",
        "length",
        pl.int_ranges("first", pl.col("first") + pl.col("length")).alias(STEP),
    )
    every = spans.explode(STEP)
    gaps = (
        every.join(placed, on=on, how="anti")
        .group_by(SERIES, maintain_order=True)
        .agg(pl.col(STEP).alias("gap"), pl.col("first").first(), pl.col("length").first())
    )
    before = placed.select(SERIES, pl.col(STEP) + p.lag)
    errors = placed.join(before, on=on, how="semi").group_by(SERIES).agg(pl.len().alias("errors"))
    gaps = gaps.join(errors, on=SERIES, how="left").with_columns(pl.col("errors").fill_null(0))
    # the newest season is repeated, so that nothing of it may be missing
    whole = pl.col("gap").list.max() < pl.col("first") + pl.col("length") - p.lag
    passed_on = whole & (pl.col("errors") > 0) & pl.lit(p.takes_gaps)
    filled = pl.lit(p.gaps is not None)
    widen = ((pl.col("length") - p.lag) / pl.col("errors")).sqrt()
    return gaps.select(
        SERIES,
        "gap",
        (passed_on | filled).alias("bridged"),
        pl.when(passed_on & ~filled).then(widen).otherwise(1.0).alias("widen"),
    )


def _text(
    steps: Steps, off: list[datetime] | None, twice: list[int] | None, gap: list[int] | None
) -> str | None:
    """Where something is wrong with a series: the first times or steps."""
    times = [key_text(time) for time in off or ()] or [
        steps.text(number) for number in twice or gap or ()
    ]
    more = f" and {len(times) - _NAMED_STEPS} more" if len(times) > _NAMED_STEPS else ""
    return f"{', '.join(times[:_NAMED_STEPS])}{more}" or None


def regular(plan: Plan, placed: pl.DataFrame, usable: pl.DataFrame) -> pl.DataFrame:
    """The usable series as `unique_id, ds, y`, a row for each step from the first to the last
    observation; y is NaN where there is none, unless the plan says to interpolate.
    """
    spans = usable.select(SERIES, "first", pl.int_ranges("length").alias("ds")).explode("ds")
    every = spans.with_columns((pl.col("first") + pl.col("ds")).alias(STEP))
    rows = every.join(placed.select(SERIES, STEP, "y"), on=[SERIES, STEP], how="left")
    rows = rows.sort(SERIES, "ds")
    y = pl.col("y")
    if plan.parameters.gaps == "interpolate":
        y = y.interpolate().over(SERIES)
    elif plan.parameters.gaps == "zero":
        y = y.fill_null(0.0)
    return rows.select(pl.col(SERIES).alias("unique_id"), "ds", y.fill_null(float("nan")))


def series_names(ids: pl.DataFrame, at: pl.Series | None = None) -> str:
    """The first series of a table of ids, for a message, with where each is to blame."""
    names = ["/".join(str(part) for part in row) for row in ids.head(_NAMED).iter_rows()]
    if not ids.columns:
        names = ["the only series"]
    shown = [
        f"{name} ({where})" if where else name
        for name, where in zip(names, [None] * len(names) if at is None else at, strict=False)
    ]
    more = f" and {ids.height - len(shown)} more" if ids.height > len(shown) else ""
    return ", ".join(shown) + more
