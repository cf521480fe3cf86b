"""What a forecast computes, from a contract and its parameters."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.builtin.forecast_plan import Parameters, Plan, make_plan
from estimates_jobs.run.context import Context

CONTRACT = """
name = "demand"
[key.shop]
type = "string"
[key.day]
type = "date"
target = true
[columns.sold]
[columns.sold_low]
role = "lower"
of = "sold"
level = 0.8
[columns.sold_high]
role = "upper"
of = "sold"
level = 0.8
{columns}
[domain]
kind = "rolling"
calendar = "daily"
steps = 5
[domain.values]
shop = ["a"]
[job]
function = "forecast"
[job.parameters]
{parameters}
[job.inputs.sales]
source = "sales.csv"
{time}
{inputs}
"""
THROUGH = datetime(2026, 3, 1, tzinfo=UTC)


def plan(
    parameters: str = "",
    *,
    columns: str = "",
    time: str = 'time = "day"',
    inputs: str = "",
    value: str = 'value = "sold"',
) -> Plan:
    """The plan of that contract with more said in some places."""
    text = CONTRACT.format(
        columns=columns, parameters=f"{value}\n{parameters}", time=time, inputs=inputs
    )
    return make_plan(Context(parse_contract(text), THROUGH))


def test_a_plan_follows_from_the_contract() -> None:
    """Ids as in the key, all targets, the input's own time, the point and its interval."""
    made = plan()
    assert (made.input, made.time, made.ids) == ("sales", "day", {"shop": "shop"})
    assert (made.target, made.point) == ("day", "sold")
    assert made.targets.to_list() == [date(2026, 3, day) for day in range(2, 7)]
    assert [(i.lower, i.upper, i.level) for i in made.intervals] == [("sold_low", "sold_high", 0.8)]


def test_parameters_say_otherwise() -> None:
    """Other ids, another time column, fewer targets, an attribute with the last observation."""
    made = plan(
        'id = "store"\ntime = "when"\nhorizon = 2\nlast = "newest"\nlevels = [0.8]',
        columns='[columns.newest]\nrole = "attribute"\ntype = "float"\n',
    )
    assert (made.ids, made.time, len(made.targets)) == ({"shop": "store"}, "when", 2)
    assert plan('id = ["store"]').ids == {"shop": "store"}


def test_of_several_inputs_one_is_named() -> None:
    """The time of the one that is named counts."""
    more = '[job.inputs.other]\nsource = "o.csv"\ntime = "at"\n'
    made = plan('input = "other"', inputs=more)
    assert (made.input, made.time) == ("other", "at")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ('id = ["a", "b"]', "id names 2 columns, the key has 1 besides its target: shop"),
        ("horizon = 6", "horizon is 6, the contract's domain has 5 steps"),
        ("horizon = 0", "horizon must be at least 1"),
        ("season_length = 0", "season_length must be at least 1"),
        ("history = 0", "history must be at least 1"),
        ("stale_after = -1", "stale_after must not be negative"),
        ('last = "none"', "last names 'none', which is no column"),
        ("levels = [0.9]", r"levels \[0.9\] differ from those of the contract's columns, \[0.8\]"),
        ('input = "other"', "input 'other' is not one of sales"),
        ('model = "Prophet"', "model"),
        ("colour = 1", "colour"),
    ],
)
def test_bad_parameters_are_named(parameters: str, message: str) -> None:
    """`bad_parameters`, with the contract and where to mend it."""
    with pytest.raises(InvalidError, match=message) as raised:
        plan(parameters)
    assert raised.value.code == "bad_parameters"
    assert raised.value.message.startswith("demand: job.parameters: ")
    assert raised.value.message.endswith(
        "mend [job.parameters] in the contract, and define it again"
    )


def test_an_input_without_a_time_needs_one() -> None:
    """A static input's time column stands in the parameters."""
    with pytest.raises(InvalidError, match="time must name the time column of the static input"):
        plan(time="static = true")
    assert plan('time = "day"', time="static = true").time == "day"


def test_of_several_inputs_none_is_guessed() -> None:
    """Which of two has to be said."""
    with pytest.raises(InvalidError, match="input must name one of the inputs: sales, other"):
        plan(inputs='[job.inputs.other]\nsource = "o.csv"\ntime = "at"\n')


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("[columns.second]", "a forecast has one point column, the contract 2"),
        ('[columns.risk]\nrole = "score"', "a forecast has no value for risk"),
        ('[columns.note]\nrole = "attribute"\ntype = "string"', "no value for note"),
    ],
)
def test_what_a_forecast_cannot_fill_is_refused(columns: str, message: str) -> None:
    """`forecast_contract`, naming the columns."""
    with pytest.raises(InvalidError, match=message) as raised:
        plan(columns=columns)
    assert raised.value.code == "forecast_contract"


def test_a_set_that_does_not_roll_has_no_forecast() -> None:
    """Targets follow a calendar, or there are none."""
    contract = parse_contract(
        'name = "s"\n[key.id]\ntype = "string"\n[columns.value]\n[job]\nfunction = "forecast"\n'
        '[job.parameters]\nvalue = "v"\n[job.inputs.i]\nsource = "i.csv"\ntime = "t"\n'
    )
    with pytest.raises(InvalidError, match="a forecast needs a rolling domain"):
        make_plan(Context(contract, THROUGH))


@pytest.mark.parametrize(
    ("model", "season", "shortest", "takes_gaps", "lag"),
    [
        ("AutoETS", 1, 10, False, 1),
        ("AutoETS", 7, 15, False, 1),
        ("SeasonalNaive", 7, 15, True, 7),
        ("Naive", 7, 15, True, 1),
        ("RandomWalkWithDrift", 1, 10, True, 1),
    ],
)
def test_what_a_model_needs(
    model: str, season: int, shortest: int, takes_gaps: bool, lag: int
) -> None:
    """Two seasons and one observation, ten at least; naive models take gaps and look back."""
    parameters = Parameters("v", model=model, season_length=season)
    assert (parameters.shortest, parameters.takes_gaps, parameters.lag) == (
        shortest,
        takes_gaps,
        lag,
    )
