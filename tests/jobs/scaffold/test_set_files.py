"""The files of a new set: a contract that holds, a job that Python reads, a test of both."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates import instants
from estimates.contract.contract import RESERVED
from estimates.contract.contract_file import parse_contract
from estimates.contract.domain import RollingDomain
from estimates.contract.job_inputs import Input
from estimates_jobs.builtin.forecast_plan import Parameters
from estimates_jobs.scaffold import set_files
from estimates_jobs.scaffold.model_choice import Choice, Trial
from estimates_jobs.scaffold.series_profile import Columns, SeriesProfile
from estimates_jobs.scaffold.set_files import (
    SetPlan,
    contract_text,
    job_text,
    module_name,
)

PROFILE = SeriesProfile(
    source="t.csv",
    rows=100,
    calendar="daily",
    time_type="date",
    id_types={},
    ids={},
    series=2,
    combinations=2,
    first="2024-01-01",
    last="2024-02-19",
    length=50,
    missing=0.0,
    zeros=0.0,
    lowest=0.0,
    whole=True,
    season=7,
    explained=0.5,
    newest=datetime(2024, 2, 19, tzinfo=UTC),
    reading=None,
)
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda name: name == name.strip() and name.isprintable() and name.lower() not in RESERVED
)


def plan(
    value: str = "sold", *, ids: tuple[str, ...] = ("shop",), time: str = "day", **profile: object
) -> SetPlan:
    """A plan for seven days of one table."""
    columns = Columns(time, ids, value)
    texts = {"id_types": dict.fromkeys(ids, "string"), "ids": {key: ["a", "b"] for key in ids}}
    of = msgspec.structs.replace(PROFILE, **texts | profile)
    return SetPlan("demand", columns, Input(source="t.csv", time=time), of, 7)


def parameters(text: str) -> Parameters:
    """The parameters of a contract's job, as a forecast reads them."""
    job = parse_contract(text).job
    assert job is not None
    return msgspec.convert(job.parameters, Parameters)


@given(NAME, NAME)
@example("area m²", "shop")
@example("CO₂", "café")
@example("ﬁn", "a.b")
@example("௰", "x")
@example("数量", 'a"b')
def test_files_of_any_names_are_read(value: str, shop: str) -> None:
    """Whatever the columns are called, the contract holds, and names the function of the job."""
    if len({value.lower(), shop.lower(), "day"}) < 3:
        return
    made = plan(value, ids=(shop,))
    contract = parse_contract(contract_text(made, None))
    assert contract.points == [value]
    assert list(contract.key) == [shop, "day"]
    (function,) = (n for n in ast.parse(job_text(made)).body if isinstance(n, ast.FunctionDef))
    assert contract.job is not None
    assert contract.job.function == f"{made.module}:{function.name}"
    assert parameters(contract_text(made, None)).value == value


@pytest.mark.parametrize(
    ("value", "function"),
    [
        ("Units Sold", "forecast_units_sold"),
        ("area m²", "forecast_area_m2"),
        ("€", "forecast_values"),
        ("größe", "forecast_größe"),
    ],
)
def test_the_function_has_the_name_of_the_value(value: str, function: str) -> None:
    """In small letters, without what a name may not have."""
    assert plan(value).function == function


@pytest.mark.parametrize(
    ("name", "module"),
    [("demand", "demand_job"), ("next-week.v2", "next_week_v2_job"), ("2026", "set_2026_job")],
)
def test_a_module_has_a_name_that_can_be_imported(name: str, module: str) -> None:
    """A set's name with underscores, and never a digit first."""
    assert module_name(name) == module
    assert module.isidentifier()


def test_reserved_names_get_others() -> None:
    """A key column that may not be called as in the table says which one it is read from."""
    reserved = min(RESERVED)
    made = plan(ids=(reserved,))
    text = contract_text(made, None)
    assert list(parse_contract(text).key) == [f"{reserved}_of_data", "day"]
    assert parameters(text).id == [reserved]
    assert parameters(contract_text(plan(), None)).id is None


def test_a_floor_follows_from_the_data() -> None:
    """Where no observation is below 0, estimates and their lower ends have that bound, and the job
    cuts there.
    """
    for lowest, floor in ((0.0, 0.0), (-1.0, None)):
        made = plan(lowest=lowest)
        columns = parse_contract(contract_text(made, None)).columns
        assert {columns[name].min for name in ("sold", "sold_lower_80", "sold_lower_95")} == {floor}
        assert columns["sold_upper_80"].min is None
        assert ("clip" in job_text(made)) == (floor is not None)


@pytest.mark.parametrize(
    ("missing", "lowest", "whole", "gaps"),
    [
        (0.0, 0.0, True, None),
        (0.1, 0.0, True, "zero"),
        (0.1, 0.0, False, "interpolate"),
        (0.1, -1.0, True, "interpolate"),
    ],
)
def test_gaps_count_as_what_they_are(
    missing: float, lowest: float, whole: bool, gaps: str | None
) -> None:
    """Counts without a row are 0; other numbers lie between their neighbours."""
    made = plan(missing=missing, lowest=lowest, whole=whole)
    assert made.gaps == gaps
    assert parameters(contract_text(made, None)).gaps == gaps


@pytest.mark.parametrize(
    ("calendar", "length", "history"),
    [
        ("daily", 730, None),
        ("daily", 731, 730),
        ("hourly", 2000, 1344),
        ("weekdays", 521, 520),
        ("weekly-MON", 520, None),
    ],
)
def test_long_series_are_cut(calendar: str, length: int, history: int | None) -> None:
    """A model learns from so many of the newest observations at most."""
    text = contract_text(plan(calendar=calendar, length=length), None)
    assert f"history = {history}" in text if history else "history" not in text


@pytest.mark.parametrize(
    ("calendar", "rhythm"),
    [
        ("hourly", ("1h", "6h")),
        ("weekly-MON", ("1w", "2w")),
        ("month-end", ("31d", "9w")),
        ("XNYS", ("1d", "5d")),
    ],
)
def test_the_rhythm_is_that_of_the_calendar(calendar: str, rhythm: tuple[str, str]) -> None:
    """How often a version comes, and how old its data may be."""
    assert plan(calendar=calendar).rhythm == rhythm


def test_data_that_is_old_already_is_no_promise() -> None:
    """Fresh data promises its age; of older data the line is a comment that says how old."""
    fresh = contract_text(plan(newest=instants.now() - timedelta(hours=1)), None)
    assert parse_contract(fresh).freshness.max_age == "3d"
    old = contract_text(plan(newest=instants.now() - timedelta(days=1500, hours=1)), None)
    assert parse_contract(old).freshness.max_age is None
    assert "not checked: it is 1,500 days old already" in old


def test_the_choice_stands_with_its_score() -> None:
    """The model, its season, and how it did; keys that are missing are allowed, rounded up."""
    trial = Trial("SeasonalNaive", 7, 1.0, 0.7654, 0.8, 21, 0.1)
    text = contract_text(plan(), Choice([trial], trial, [], 2), missing=0.12345)
    assert "its MASE was 0.765 in the back-test" in text
    assert (parameters(text).model, parameters(text).season_length) == ("SeasonalNaive", 7)
    domain = parse_contract(text).domain
    assert isinstance(domain, RollingDomain)
    assert (domain.steps, domain.allow_missing) == (7, 0.1235)
    assert domain.values == {"shop": ("a", "b")}


def test_the_test_looks_ahead_from_an_earlier_moment() -> None:
    """A module of unittest that tries the newest run and an earlier one."""
    text = set_files.test_text(plan(), datetime(2024, 2, 1, tzinfo=UTC))
    (case,) = (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef))
    assert case.name == "TestDemandJob"
    assert 'through="2024-02-01T00:00:00Z", check_lookahead=True' in text
    assert 'trial_run("demand.toml")' in text
