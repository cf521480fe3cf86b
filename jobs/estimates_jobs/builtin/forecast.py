"""The `forecast` job: a statsforecast model on a long table of series, one row an observation.

The columns to fill follow from the contract: its key is the series' id columns and the target, its
point column gets the point forecast, its lower and upper columns the bounds of their levels. A
series that cannot be forecast gets nulls and a warning that names it, never a failed run.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import polars as pl

from estimates.contract.contract import Interval
from estimates_jobs.builtin import drift
from estimates_jobs.builtin.forecast_plan import TARGET, Parameters, Plan, make_plan
from estimates_jobs.builtin.forecast_series import (
    INSIDE,
    SERIES,
    listed_series,
    observations,
    place,
    regular,
    series_names,
    summarise,
)
from estimates_jobs.run.context import Context

# The digest of its sources when it last changed what it computes, which versions name as the code
# of their run; write another text here when the same inputs give another frame.
REVISION = "232ff02e53b9b65a046794524d74fe4529ad8cde6c8eaf5cf33c12903ca9f500"


def forecast(context: Context) -> pl.DataFrame:
    """Forecast every series of the domain for every target; one row a key, all nulls where there is
    no forecast.

    Raises InvalidError: `bad_parameters` (naming the parameter and what is allowed),
    `forecast_contract` (the contract asks for columns that a forecast does not have), `no_column`,
    `column_type`; and those of `Context.input`.
    """
    plan = make_plan(context)
    keys = listed_series(context.contract, plan)
    steps, placed = place(context, plan, observations(context, plan, keys), keys)
    summary = summarise(plan, steps, placed, keys)
    usable = summary.filter(pl.col("trouble").is_null())
    forecasts = _forecasts(plan, regular(plan, placed, usable), usable)
    _warn(context, plan, summary, forecasts, keys)
    return _rows(plan, keys, forecasts, summary)


def _forecasts(plan: Plan, table: pl.DataFrame, usable: pl.DataFrame) -> pl.DataFrame:
    """Finite forecasts only, as `series, target, point column, interval columns`; `table` is that
    of `regular`.
    """
    names = _names(plan)
    columns = list(names.values())
    if usable.is_empty():
        types = {SERIES: pl.Int64, TARGET: pl.Int64} | dict.fromkeys(columns, pl.Float64)
        return pl.DataFrame(schema=types)
    if plan.parameters.log:
        table = table.with_columns(pl.col("y").log())
    late = usable["late"].max()
    assert isinstance(late, int)
    computed = _computed(plan, table, len(plan.targets) + late)
    placed = computed.rename(names).join(usable.rename({SERIES: "unique_id"}), on="unique_id")
    target = pl.col("ds") - pl.col("length") - pl.col("late")
    point, bounds = pl.col(plan.point), [name for name in columns if name != plan.point]
    placed = placed.with_columns(
        pl.col("unique_id").alias(SERIES),
        target.cast(pl.Int64).alias(TARGET),
        *(
            pl.when(pl.col("widen") > 1)
            .then(point + (pl.col(name) - point) * pl.col("widen"))
            .otherwise(name)
            .alias(name)
            for name in bounds
        ),
    )
    values = [pl.col(name).exp() if plan.parameters.log else pl.col(name) for name in columns]
    placed = placed.filter(pl.col(TARGET).is_between(0, len(plan.targets) - 1)).select(
        SERIES, TARGET, *values
    )
    return _ordered(plan, placed.filter(pl.all_horizontal(pl.col(columns).is_finite())))


def _ordered(plan: Plan, rows: pl.DataFrame) -> pl.DataFrame:
    """Bounds on their side of the point: models that simulate their intervals may miss it by a
    little.
    """
    point = pl.col(plan.point)
    lower = [interval.lower for interval in plan.intervals]
    upper = [interval.upper for interval in plan.intervals]
    return rows.with_columns(
        *(pl.min_horizontal(name, point).alias(name) for name in lower),
        *(pl.max_horizontal(name, point).alias(name) for name in upper),
    )


def _computed(plan: Plan, table: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """What the model says about a long table `unique_id, ds, y`; series that make it fail are
    missing.
    """
    levels = [_percent(interval) for interval in plan.intervals]
    if plan.parameters.model == drift.MODEL:
        return drift.drift_forecast(table, horizon, levels)
    model = _model(plan.parameters)
    try:
        # What it warns of while it tries models out ends as a finite forecast or as none.
        with warnings.catch_warnings(action="ignore"):
            computed: pl.DataFrame = model.forecast(df=table, h=horizon, level=levels or None)
            return computed
    except Exception:  # whatever a model raises on odd data
        # One bad series fails the whole call, so halve until it is alone. The library's own
        # fallback model names the columns after the series that happens to be last.
        ids = table["unique_id"].unique(maintain_order=True)
        if len(ids) == 1:
            types = {"unique_id": pl.Int64, "ds": pl.Int64}
            return pl.DataFrame(schema=types | dict.fromkeys(_names(plan), pl.Float64))
        halves = (ids[: len(ids) // 2], ids[len(ids) // 2 :])
        return pl.concat(
            [
                _computed(plan, table.filter(pl.col("unique_id").is_in(half.implode())), horizon)
                for half in halves
            ],
            how="diagonal",
        )


def _names(plan: Plan) -> dict[str, str]:
    """The contract's columns by what statsforecast calls them: point first, then bounds."""
    names = {"model": plan.point}
    for interval in plan.intervals:
        names[f"model-lo-{_percent(interval)}"] = interval.lower
        names[f"model-hi-{_percent(interval)}"] = interval.upper
    return names


def _model(parameters: Parameters) -> Any:
    # Any, because the library's types know neither polars frames nor levels such as 97.5.
    from statsforecast import StatsForecast, models

    seasonal = parameters.model.startswith(("Auto", "Seasonal"))
    arguments = {"season_length": parameters.season_length} if seasonal else {}
    model = getattr(models, parameters.model)(**arguments, alias="model")
    return StatsForecast(models=[model], freq=1, n_jobs=1)


def _percent(interval: Interval) -> int | float:
    """A level as statsforecast wants it, and names columns after it: 80, 97.5."""
    percent = round(interval.level * 100, 9)
    return int(percent) if math.isclose(percent, int(percent)) else percent


def _warn(
    context: Context, plan: Plan, summary: pl.DataFrame, forecasts: pl.DataFrame, keys: pl.DataFrame
) -> None:
    """One warning a reason, with the series it holds for."""
    done = forecasts.group_by(SERIES).len().filter(pl.col("len") == len(plan.targets))
    failed = pl.when(~pl.col(SERIES).is_in(done[SERIES].implode())).then(
        pl.lit(f"{plan.parameters.model} gives no finite forecast")
    )
    reason = pl.coalesce("trouble", failed).alias("reason")
    reasons = summary.select(SERIES, reason, "at").drop_nulls("reason")
    for (reason,), group in reasons.sort("reason", SERIES).group_by("reason", maintain_order=True):
        context.warn(f"no forecast, {reason}: {_named(plan, keys, group)}")
    bridged = summary.join(reasons, on=SERIES, how="anti").drop_nulls("at")
    if bridged.height and plan.parameters.gaps != "zero":  # such steps are usual there
        filled = plan.parameters.gaps == "interpolate"
        how = "interpolated" if filled else f"of which {plan.parameters.model} is told"
        context.warn(f"{INSIDE}, {how}: {_named(plan, keys, bridged)}")


def _named(plan: Plan, keys: pl.DataFrame, series: pl.DataFrame) -> str:
    """Some of the series by their ids, with where something is missing or wrong."""
    named = series.join(keys, on=SERIES, maintain_order="left")
    return series_names(named.select(list(plan.ids)), named["at"])


def _rows(
    plan: Plan, keys: pl.DataFrame, forecasts: pl.DataFrame, summary: pl.DataFrame
) -> pl.DataFrame:
    """Every key of the domain with its forecast, or nulls."""
    targets = plan.targets.alias(plan.target).to_frame().with_row_index(TARGET)
    grid = keys.join(targets.with_columns(pl.col(TARGET).cast(pl.Int64)), how="cross")
    rows = grid.join(forecasts, on=[SERIES, TARGET], how="left", maintain_order="left")
    if plan.parameters.last is not None:
        last = summary.select(SERIES, pl.col("last").alias(plan.parameters.last))
        rows = rows.join(last, on=SERIES, how="left", maintain_order="left")
        known = pl.when(pl.col(plan.point).is_not_null()).then(pl.col(plan.parameters.last))
        rows = rows.with_columns(known.alias(plan.parameters.last))
    return rows.drop(SERIES, TARGET)
