"""The `forecast` job: a statsforecast model on a long table of series, one row an observation.

The columns to fill follow from the contract: its key is the series' id columns and the target, its
point column gets the point forecast, its lower and upper columns the bounds of their levels. A
series that cannot be forecast gets nulls and a warning that names it, never a failed run.
"""

from __future__ import annotations

import math
import warnings
from datetime import datetime
from typing import Any, Literal

import msgspec
import polars as pl

from estimates.contract.conform import DTYPES
from estimates.contract.contract import Contract, Interval, RollingDomain
from estimates.contract.field_errors import bad_field
from estimates.errors import InvalidError
from estimates_jobs.run.context import Context

_SERIES, _TARGET = "series", "target"  # row number of a series' id; number of a target: 0, 1, …
_INSTANT = pl.Datetime("us", "UTC")
_NAMED = 20  # series named in a warning

# The digest of its sources when it was first released, which versions name as the code of their
# run; write another text here when the same inputs give another frame.
REVISION = "090d2879ed494e8a0b7ec1581396f28012999de338ef89d89128bdfeb5f78480"


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the contract's `[job.parameters]` may say.

    value          the input's column with the observations
    id             the input's id columns, in the order of the contract's key; default: named as in
                   the key
    time           the input's time column; default: the one its `[job.inputs]` names
    input          which input; default: the only one
    model          a statsforecast model
    horizon        how many targets to forecast; default: all
    levels         nominal levels, for a reader; they must be those of the contract's interval
                   columns
    season_length  observations a season
    log            forecast the logarithm: the point is then the median, the bounds are never
                   negative
    history        observations used of each series, the newest; default: all
    last           attribute column that receives the last observation
    stale_after    steps of the calendar that may be missing at a series' end before it counts as
                   stale; missing ones are forecast too, so that targets keep their distance from
                   the data
    """

    value: str
    id: str | list[str] | None = None
    time: str | None = None
    input: str | None = None
    model: Literal[
        "AutoETS",
        "AutoARIMA",
        "AutoTheta",
        "Naive",
        "RandomWalkWithDrift",
        "SeasonalNaive",
        "HistoricAverage",
    ] = "AutoETS"
    horizon: int | None = None
    levels: list[float] | None = None
    season_length: int = 1
    log: bool = False
    history: int | None = None
    last: str | None = None
    stale_after: int = 5

    def __post_init__(self) -> None:
        for name in ("horizon", "season_length", "history"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.stale_after < 0:
            raise ValueError("stale_after must not be negative")

    @property
    def shortest(self) -> int:
        """The number of observations that a series needs."""
        return max(10, 2 * self.season_length + 1)


class Plan(msgspec.Struct, frozen=True):
    """What to compute: parameters, the id columns of input and key, time column, targets, columns
    to fill.
    """

    parameters: Parameters
    input: str
    time: str
    ids: dict[str, str]  # key column to input column
    target: str
    targets: pl.Series
    point: str
    intervals: list[Interval]


def forecast(context: Context) -> pl.DataFrame:
    """Forecast every series of the domain for every target; one row a key, all nulls where there is
    no forecast.

    Raises InvalidError: `bad_parameters` (naming the parameter and what is allowed),
    `forecast_contract` (the contract asks for columns that a forecast does not have), `no_column`,
    `column_type`; and those of `Context.input`.
    """
    plan = _plan(context)
    keys = _domain(context.contract, plan)
    observed = _observations(context, plan, keys)
    facts = _facts(context, plan, observed, keys)
    usable = facts.filter(pl.col("trouble").is_null())
    forecasts = _forecasts(plan, observed.join(usable, on=_SERIES, how="semi"), usable)
    _warn(context, plan, facts, forecasts, keys)
    return _rows(plan, keys, forecasts, facts)


def _plan(context: Context) -> Plan:
    contract = context.contract
    try:
        parameters = msgspec.convert(context.parameters, Parameters)
    except msgspec.ValidationError as error:
        what = bad_field(error, Parameters, context.parameters)
        raise InvalidError("bad_parameters", f"{contract.name}: job.parameters: {what}") from None
    if contract.target is None or not context.targets:
        raise _unfit(contract, "a forecast needs a rolling domain, whose targets follow a calendar")
    point, intervals = _columns(contract, parameters)
    name, time = _input(contract, parameters)
    key = [column for column in contract.key if column != contract.target]
    ids = (
        key
        if parameters.id is None
        else [parameters.id]
        if isinstance(parameters.id, str)
        else parameters.id
    )
    if len(ids) != len(key):
        raise _bad(
            contract,
            f"id names {len(ids)} columns, the key has {len(key)} besides its target: "
            f"{', '.join(key)}",
        )
    horizon = parameters.horizon or len(context.targets)
    if horizon > len(context.targets):
        raise _bad(
            contract,
            f"horizon is {horizon}, the contract's domain has {len(context.targets)} steps",
        )
    targets = pl.Series(
        _TARGET, context.targets[:horizon], dtype=DTYPES[contract.key[contract.target].type]
    )
    return Plan(
        parameters,
        name,
        time,
        dict(zip(key, ids, strict=True)),
        contract.target,
        targets,
        point,
        intervals,
    )


def _columns(contract: Contract, parameters: Parameters) -> tuple[str, list[Interval]]:
    """The point column and the intervals to fill; everything else that the contract asks for is an
    error.
    """
    if len(contract.points) != 1:
        raise _unfit(
            contract, f"a forecast has one point column, the contract {len(contract.points)}"
        )
    intervals = contract.intervals()
    if parameters.last is not None and parameters.last not in contract.columns:
        raise _bad(contract, f"last names {parameters.last!r}, which is no column of the contract")
    filled = {
        contract.points[0],
        parameters.last,
        *(end for i in intervals for end in (i.lower, i.upper)),
    }
    others = [name for name in contract.columns if name not in filled]
    if others:
        raise _unfit(
            contract,
            f"a forecast has no value for {', '.join(others)}; it fills a point, lower and upper "
            "columns, and with the "
            "parameter `last` an attribute",
        )
    levels = [interval.level for interval in intervals]
    if parameters.levels is not None and sorted(parameters.levels) != sorted(levels):
        raise _bad(
            contract,
            f"levels {parameters.levels} differ from those of the contract's columns, {levels}",
        )
    return contract.points[0], intervals


def _input(contract: Contract, parameters: Parameters) -> tuple[str, str]:
    """Which input, and its time column."""
    inputs = contract.job.inputs if contract.job else {}
    if parameters.input is None and len(inputs) != 1:
        raise _bad(
            contract,
            f"input must name one of the inputs: {', '.join(inputs) or 'the contract has none'}",
        )
    name = parameters.input or next(iter(inputs))
    if name not in inputs:
        raise _bad(contract, f"input {name!r} is not one of {', '.join(inputs)}")
    time = parameters.time or inputs[name].time
    if time is None:
        raise _bad(contract, f"time must name the time column of the static input {name!r}")
    return name, time


def _domain(contract: Contract, plan: Plan) -> pl.DataFrame:
    """The series that the contract lists: their ids, and a number for each."""
    assert isinstance(contract.domain, RollingDomain)
    keys = pl.DataFrame({_SERIES: [0]})
    for name in plan.ids:
        values = pl.Series(name, contract.domain.values[name]).cast(DTYPES[contract.key[name].type])
        keys = keys.join(values.to_frame(), how="cross")
    return keys.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(_SERIES))


def _observations(context: Context, plan: Plan, keys: pl.DataFrame) -> pl.DataFrame:
    """The observations of the domain's series as `series, time, y`, sorted; those without a value
    are left out.
    """
    table = context.input(plan.input)
    wanted = [*plan.ids.values(), plan.time, plan.parameters.value]
    missing = [name for name in wanted if name not in table.columns]
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
    found = _listed(context, named, keys, list(plan.ids))
    present = found.filter(pl.col("y").is_not_null() & pl.col("y").is_not_nan())
    return present.select(_SERIES, _instants(present, plan), "y").sort(_SERIES, "time", "y")


def _listed(
    context: Context, named: pl.DataFrame, keys: pl.DataFrame, ids: list[str]
) -> pl.DataFrame:
    """The rows whose ids the domain lists, with the number of their series."""
    if not ids:  # the target is the whole key: there is one series
        return named.with_columns(pl.lit(0, pl.Int64).alias(_SERIES))
    foreign = named.join(keys, on=ids, how="anti").select(ids).unique().sort(ids)
    if foreign.height:
        context.warn(f"not in the domain, left out: {_names(foreign)}")
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


def _facts(
    context: Context, plan: Plan, observed: pl.DataFrame, keys: pl.DataFrame
) -> pl.DataFrame:
    """For each series of the domain: `n`, `last`, `late` (steps missing at its end), `trouble`
    (null without any).
    """
    p, used = plan.parameters, _used(plan, observed)
    facts = used.group_by(_SERIES, maintain_order=True).agg(
        pl.len().alias("n"),
        pl.col("time").last(),
        pl.col("y").last().alias("last"),
        pl.col("y").min().alias("lowest"),
        pl.col("y").is_infinite().any().alias("infinite"),
        (pl.col("y").max() == pl.col("y").min()).alias("constant"),
        pl.col("time").is_duplicated().any().alias("twice"),
    )
    facts = keys.select(_SERIES).join(facts, on=_SERIES, how="left", maintain_order="left")
    facts = facts.with_columns(_late(context, plan, facts["time"]))
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
    return facts.select(_SERIES, "n", "last", "late", reason.alias("trouble"))


def _used(plan: Plan, observed: pl.DataFrame) -> pl.DataFrame:
    """The newest `history` observations of each series."""
    if plan.parameters.history is None:
        return observed
    return observed.group_by(_SERIES, maintain_order=True).tail(plan.parameters.history)


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


def _forecasts(plan: Plan, observed: pl.DataFrame, usable: pl.DataFrame) -> pl.DataFrame:
    """Finite forecasts only, as `series, target, point column, interval columns`."""
    columns = [
        plan.point,
        *(end for interval in plan.intervals for end in (interval.lower, interval.upper)),
    ]
    if usable.is_empty():
        types = {_SERIES: pl.Int64, _TARGET: pl.Int64} | dict.fromkeys(columns, pl.Float64)
        return pl.DataFrame(schema=types)
    y = pl.col("y").log() if plan.parameters.log else pl.col("y")
    table = _used(plan, observed).select(
        pl.col(_SERIES).alias("unique_id"),
        pl.int_range(pl.len()).over(_SERIES).alias("ds"),
        y.alias("y"),
    )
    late = usable["late"].max()
    assert isinstance(late, int)
    computed = _computed(plan, table, len(plan.targets) + late)
    names = {"model": plan.point}
    for interval in plan.intervals:
        names |= {
            f"model-lo-{_percent(interval)}": interval.lower,
            f"model-hi-{_percent(interval)}": interval.upper,
        }
    placed = computed.rename(names).join(usable.rename({_SERIES: "unique_id"}), on="unique_id")
    target = pl.col("ds") - pl.col("n") - pl.col("late")
    placed = placed.with_columns(
        pl.col("unique_id").alias(_SERIES), target.cast(pl.Int64).alias(_TARGET)
    )
    values = [pl.col(name).exp() if plan.parameters.log else pl.col(name) for name in columns]
    placed = placed.filter(pl.col(_TARGET).is_between(0, len(plan.targets) - 1)).select(
        _SERIES, _TARGET, *values
    )
    return _ordered(plan, placed.filter(pl.all_horizontal(pl.col(columns).is_finite())))


def _ordered(plan: Plan, rows: pl.DataFrame) -> pl.DataFrame:
    """Bounds on their side of the point: models that simulate their intervals may miss it by a
    little.
    """
    point = pl.col(plan.point)
    return rows.with_columns(
        *(
            pl.min_horizontal(interval.lower, point).alias(interval.lower)
            for interval in plan.intervals
        ),
        *(
            pl.max_horizontal(interval.upper, point).alias(interval.upper)
            for interval in plan.intervals
        ),
    )


def _computed(plan: Plan, table: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """What statsforecast says about a long table `unique_id, ds, y`; series that make it fail are
    missing.
    """
    model = _model(plan.parameters)
    levels = [_percent(interval) for interval in plan.intervals]
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
            return pl.DataFrame(schema=_schema(plan))
        halves = (ids[: len(ids) // 2], ids[len(ids) // 2 :])
        return pl.concat(
            [
                _computed(plan, table.filter(pl.col("unique_id").is_in(half.implode())), horizon)
                for half in halves
            ],
            how="diagonal",
        )


def _schema(plan: Plan) -> dict[str, Any]:
    ends = [
        f"model-{end}-{_percent(interval)}" for interval in plan.intervals for end in ("lo", "hi")
    ]
    return {"unique_id": pl.Int64, "ds": pl.Int64} | dict.fromkeys(["model", *ends], pl.Float64)


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
    context: Context, plan: Plan, facts: pl.DataFrame, forecasts: pl.DataFrame, keys: pl.DataFrame
) -> None:
    """One warning a reason, with the series it holds for."""
    done = forecasts.group_by(_SERIES).len().filter(pl.col("len") == len(plan.targets))
    failed = pl.when(~pl.col(_SERIES).is_in(done[_SERIES].implode())).then(
        pl.lit(f"{plan.parameters.model} gives no finite forecast")
    )
    reasons = facts.select(_SERIES, pl.coalesce("trouble", failed).alias("reason")).drop_nulls(
        "reason"
    )
    for (reason,), group in reasons.sort("reason", _SERIES).group_by("reason", maintain_order=True):
        names = keys.join(group, on=_SERIES, how="semi").select(list(plan.ids))
        context.warn(f"no forecast, {reason}: {_names(names)}")


def _names(ids: pl.DataFrame) -> str:
    if not ids.columns:
        return "the only series"
    shown = ["/".join(str(part) for part in row) for row in ids.head(_NAMED).iter_rows()]
    more = f" and {ids.height - len(shown)} more" if ids.height > len(shown) else ""
    return ", ".join(shown) + more


def _rows(
    plan: Plan, keys: pl.DataFrame, forecasts: pl.DataFrame, facts: pl.DataFrame
) -> pl.DataFrame:
    """Every key of the domain with its forecast, or nulls."""
    targets = plan.targets.alias(plan.target).to_frame().with_row_index(_TARGET)
    grid = keys.join(targets.with_columns(pl.col(_TARGET).cast(pl.Int64)), how="cross")
    rows = grid.join(forecasts, on=[_SERIES, _TARGET], how="left", maintain_order="left")
    if plan.parameters.last is not None:
        last = facts.select(_SERIES, pl.col("last").alias(plan.parameters.last))
        rows = rows.join(last, on=_SERIES, how="left", maintain_order="left")
        known = pl.when(pl.col(plan.point).is_not_null()).then(pl.col(plan.parameters.last))
        rows = rows.with_columns(known.alias(plan.parameters.last))
    return rows.drop(_SERIES, _TARGET)


def _bad(contract: Contract, what: str) -> InvalidError:
    return InvalidError("bad_parameters", f"{contract.name}: job.parameters: {what}")


def _unfit(contract: Contract, what: str) -> InvalidError:
    return InvalidError("forecast_contract", f"{contract.name}: {what}")
