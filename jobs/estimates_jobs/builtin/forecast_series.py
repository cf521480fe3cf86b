"""The series that a forecast reads: their observations, and what keeps one from being forecast."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from estimates.contract.conform import DTYPES
from estimates.contract.contract import Contract, RollingDomain
from estimates.errors import InvalidError
from estimates_jobs.builtin.forecast_plan import Plan
from estimates_jobs.run.context import Context

SERIES = "series"  # row number of a series' id
_NAMED = 20  # series named in a warning


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
    are left out. Raises InvalidError (`no_column`, `column_type`).
    """
    table = context.input(plan.input)
    needed = [*plan.ids.values(), plan.time, plan.parameters.value]
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise InvalidError(
            "no_column",
            f"input {plan.input!r}: there is no column {', '.join(missing)}; columns: "
            f"{', '.join(table.columns)}",
        )
    kind = table.schema[plan.parameters.value]
    if not kind.is_numeric():
        raise InvalidError(
            "column_type",
            f"input {plan.input!r}: {plan.parameters.value!r} is {kind}, not a number",
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
        "column_type", f"input {plan.input!r}: {plan.time!r} is {kind}, not a date or a timestamp"
    )


def summarise(
    context: Context, plan: Plan, observed: pl.DataFrame, keys: pl.DataFrame
) -> pl.DataFrame:
    """For each series of the domain: `n`, `last`, `late` (steps missing at its end), `trouble`
    (null without any).
    """
    p = plan.parameters
    used = newest_observations(plan, observed)
    summary = used.group_by(SERIES, maintain_order=True).agg(
        pl.len().alias("n"),
        pl.col("time").last(),
        pl.col("y").last().alias("last"),
        pl.col("y").min().alias("lowest"),
        pl.col("y").is_infinite().any().alias("infinite"),
        (pl.col("y").max() == pl.col("y").min()).alias("constant"),
        pl.col("time").is_duplicated().any().alias("twice"),
    )
    summary = keys.select(SERIES).join(summary, on=SERIES, how="left", maintain_order="left")
    summary = summary.with_columns(_late(context, plan, summary["time"]))
    reason = (
        pl.when(pl.col("n").is_null()).then(pl.lit("no observations"))
        .when(pl.col("twice")).then(pl.lit("two observations of one time"))
        .when(pl.col("infinite")).then(pl.lit("infinite observations"))
        .when(pl.col("late") > p.stale_after).then(pl.lit(f"stale, more than {p.stale_after} steps "
                                                          "missing at the end"))
        .when(pl.col("n") < p.shortest).then(pl.lit(f"shorter than {p.shortest} observations"))
        .when(pl.lit(p.log) & (pl.col("lowest") <= 0)).then(pl.lit("not above 0, so there is no "
                                                                   "logarithm"))
        .when(pl.col("constant")).then(pl.lit("constant"))
    )  # fmt: skip
    return summary.select(SERIES, "n", "last", "late", reason.alias("trouble"))


def newest_observations(plan: Plan, observed: pl.DataFrame) -> pl.DataFrame:
    """The newest `history` observations of each series."""
    if plan.parameters.history is None:
        return observed
    return observed.group_by(SERIES, maintain_order=True).tail(plan.parameters.history)


def _late(context: Context, plan: Plan, last: pl.Series) -> pl.Series:
    """How many steps lie between each series' last observation and the first target, neither
    counted.
    """
    assert context.calendar is not None
    oldest = last.min()
    if not isinstance(oldest, datetime):  # there are no observations at all
        return pl.Series("late", [0] * len(last), dtype=pl.Int64)
    steps = pl.Series(context.calendar.steps(oldest, context.targets[0])).cast(pl.Datetime("us"))
    # A first step may be the last observation itself, and the last is the first target: steps after
    # it, less one.
    steps = steps.dt.replace_time_zone("UTC")
    seen = steps.search_sorted(last.fill_null(oldest), side="right").cast(pl.Int64)
    return (len(steps) - seen - 1).clip(0).alias("late")


def series_names(ids: pl.DataFrame) -> str:
    """The first series of a table of ids, for a message."""
    if not ids.columns:
        return "the only series"
    shown = ["/".join(str(part) for part in row) for row in ids.head(_NAMED).iter_rows()]
    more = f" and {ids.height - len(shown)} more" if ids.height > len(shown) else ""
    return ", ".join(shown) + more
