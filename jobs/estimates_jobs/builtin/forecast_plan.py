"""What a forecast computes: the parameters of the contract's job, checked against the contract."""

from __future__ import annotations

from typing import Literal

import msgspec
import polars as pl

from estimates.contract.conform import DTYPES
from estimates.contract.contract import Contract, Interval
from estimates.contract.field_errors import faults_of
from estimates.errors import InvalidError
from estimates_jobs.run.context import Context

TARGET = "target"  # number of a target: 0, 1, …


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
    gaps           `interpolate`: steps without an observation inside a series get a value on the
                   line between their neighbours; `zero`: they count as 0, as in tables of sales
                   that leave out days without any; default: the model is told of them where it
                   takes gaps, else there is no forecast
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
    gaps: Literal["interpolate", "zero"] | None = None
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

    @property
    def takes_gaps(self) -> bool:
        """Whether a forecast needs no more than the observations that are there."""
        return self.model in ("Naive", "RandomWalkWithDrift", "SeasonalNaive")

    @property
    def lag(self) -> int:
        """How many steps lie between an observation and the one that a naive model foresees it
        by.
        """
        return self.season_length if self.model == "SeasonalNaive" else 1


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


def make_plan(context: Context) -> Plan:
    """The plan that contract and parameters make.

    Raises InvalidError: `bad_parameters`, `forecast_contract`.
    """
    contract = context.contract
    try:
        parameters = msgspec.convert(context.parameters, Parameters)
    except msgspec.ValidationError:
        faults = "; ".join(map(str, faults_of(context.parameters, Parameters)))
        raise InvalidError(
            "bad_parameters",
            f"{contract.name}: job.parameters: {faults}",
            remedy="mend [job.parameters] in the contract, and define it again",
        ) from None
    if contract.target is None or not context.targets:
        raise _unfit(contract, "a forecast needs a rolling domain, whose targets follow a calendar")
    point, intervals = _columns(contract, parameters)
    name, time = _input(contract, parameters)
    key = [column for column in contract.key if column != contract.target]
    ids = [parameters.id] if isinstance(parameters.id, str) else parameters.id
    if ids is None:
        ids = key
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
        TARGET, context.targets[:horizon], dtype=DTYPES[contract.key[contract.target].type]
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
            "columns, and with the parameter `last` an attribute",
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


def _bad(contract: Contract, problem: str) -> InvalidError:
    return InvalidError(
        "bad_parameters",
        f"{contract.name}: job.parameters: {problem}",
        remedy="mend [job.parameters] in the contract, and define it again",
    )


def _unfit(contract: Contract, problem: str) -> InvalidError:
    return InvalidError(
        "forecast_contract",
        f"{contract.name}: {problem}",
        remedy="mend the contract, or write a job of your own",
    )
