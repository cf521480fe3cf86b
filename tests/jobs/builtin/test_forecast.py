"""The forecast job: what it fills, and that no series can fail a run."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import instants
from estimates.contract.conform import conform
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract, read_contract
from estimates.errors import InvalidError
from estimates_jobs.builtin.forecast import forecast
from estimates_jobs.run.context import Context

EXAMPLES = Path(__file__).parents[3] / "examples"
THROUGH = instants.parse("2022-12-14T21:00:00Z")
BASE = """
name = "demand"
[key.item]
type = "string"
[key.day]
type = "date"
target = true
[columns.p]
role = "point"
[columns.low]
role = "lower"
level = 0.8
[columns.high]
role = "upper"
level = 0.8
[domain]
kind = "rolling"
steps = 3
calendar = "daily"
values = { item = ["a", "b"] }
[job]
function = "forecast"
[job.inputs.sold]
source = "sold.parquet"
time = "day"
[job.parameters]
value = "sold"
model = "Naive"
"""


def contract(*changes: tuple[str, str]) -> Contract:
    """The base contract with some of its text replaced."""
    text = BASE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_contract(text)


def series(
    item: str, values: list[float | None], *, end: date = date(2022, 12, 14)
) -> pl.DataFrame:
    """A daily series that ends on a date."""
    days = [end - timedelta(days=len(values) - 1 - i) for i in range(len(values))]
    return pl.DataFrame(
        {"item": item, "day": days, "sold": values}, schema_overrides={"sold": pl.Float64}
    )


def wave(n: int = 40, level: float = 100.0) -> list[float | None]:
    """A series with some movement."""
    return [level + 5 * np.sin(i) + i % 3 for i in range(n)]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(
    frame: pl.DataFrame, declared: Contract | None = None
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The conformed output and the warnings of a forecast over one table."""
    frame.write_parquet("sold.parquet")
    declared = declared or contract()
    context = Context(declared, THROUGH)
    return conform(forecast(context), declared), context.warnings


def test_columns_are_filled_by_role_and_level() -> None:
    """Column names come from the contract: any name gets the value of its role and level."""
    frame, warnings = run(pl.concat([series("a", wave()), series("b", wave(level=50))]))
    assert frame.columns == ["item", "day", "p", "low", "high"]
    assert frame.height == 6
    assert warnings == ()
    assert frame["day"].unique().sort().to_list() == [
        date(2022, 12, 15),
        date(2022, 12, 16),
        date(2022, 12, 17),
    ]
    assert frame.filter((pl.col("low") < pl.col("p")) & (pl.col("p") < pl.col("high"))).height == 6
    last = wave()[-1]
    assert frame.filter(pl.col("item") == "a")["p"].to_list() == pytest.approx([last] * 3)


def test_a_fractional_level_is_found() -> None:
    """A level such as 0.975 reaches the model as 97.5 and is wider than 0.8."""
    narrow, _ = run(pl.concat([series("a", wave()), series("b", wave())]))
    wide, _ = run(
        pl.concat([series("a", wave()), series("b", wave())]),
        contract(("level = 0.8", "level = 0.975")),
    )
    assert (wide["high"] > narrow["high"]).all()
    assert (wide["low"] < narrow["low"]).all()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ([1.0, 2.0, 3.0], "shorter than 10 observations"),
        ([*wave(), float("inf")], "infinite observations"),
        ([*wave(20), None, *[None] * 10], "stale, more than 5 steps missing at the end"),
        ([None] * 40, "no observations"),
        ([*wave(), 0.0], "not above 0, so there is no logarithm"),
        ([*wave(), -1.0], "not above 0, so there is no logarithm"),
    ],
)
def test_a_bad_series_gives_nulls_and_a_warning(bad: list[float | None], reason: str) -> None:
    """A series that cannot be forecast gets whole rows of nulls and is named; the others are
    forecast.
    """
    declared = contract(("[job.parameters]", "[job.parameters]\nlog = true"))
    frame, warnings = run(pl.concat([series("a", wave()), series("b", bad)]), declared)
    assert warnings == (f"no forecast, {reason}: b",)
    for name in ("p", "low", "high"):
        assert frame.filter(pl.col("item") == "b")[name].null_count() == 3
        assert frame.filter(pl.col("item") == "a")[name].null_count() == 0


def test_all_series_bad_is_a_frame_of_nulls() -> None:
    """With nothing to forecast every key is there, with nulls."""
    frame, warnings = run(pl.concat([series("a", [1.0]), series("b", [2.0])]))
    assert frame["p"].null_count() == 6
    assert warnings == ("no forecast, shorter than 10 observations: a, b",)


def test_two_observations_of_one_time_are_broken() -> None:
    """Two values for one moment are not silently averaged or chosen from."""
    frame, warnings = run(pl.concat([series("a", wave()), series("b", wave()), series("b", [3.0])]))
    assert warnings == (
        "no forecast, two observations of one step of the calendar daily: b (2022-12-14)",
    )
    assert frame.filter(pl.col("item") == "b")["p"].null_count() == 3


def test_ids_missing_and_ids_foreign() -> None:
    """An id of the domain without data gets null rows; an id outside the domain is left out; both
    are named.
    """
    frame, warnings = run(pl.concat([series("a", wave()), series("zz", wave())]))
    assert frame["item"].unique().sort().to_list() == ["a", "b"]
    assert warnings == ("not in the domain, left out: zz", "no forecast, no observations: b")


def test_missing_last_days_keep_targets_in_place() -> None:
    """A series that ends two days early is forecast over the gap: the interval is as wide as five
    steps, not three.
    """
    full = pl.concat([series("a", wave()), series("b", wave())])
    late = pl.concat([series("a", wave()), series("b", wave(), end=date(2022, 12, 12))])
    declared = contract(('"Naive"', '"RandomWalkWithDrift"'))
    on_time, early = (
        run(table, declared)[0].filter(pl.col("item") == "b") for table in (full, late)
    )
    width = [(frame["high"] - frame["low"]).to_list() for frame in (on_time, early)]
    assert width[1][0] == pytest.approx(width[0][2])
    assert early["day"].to_list() == on_time["day"].to_list()


def test_weekends_are_no_missing_steps_on_an_exchange() -> None:
    """On an exchange's calendar a Friday's close is up to date for Monday's target; an observation
    on a holiday is left out.
    """
    declared = contract(
        ('calendar = "daily"', 'calendar = "XNYS"'), ('"Naive"', '"Naive"\nstale_after = 0')
    )
    days = [day for i in range(60) if (day := date(2022, 10, 18) + timedelta(days=i)).weekday() < 5]
    table = pl.DataFrame({"item": "a", "day": days, "sold": wave(len(days))})
    table.write_parquet("sold.parquet")
    context = Context(declared, instants.parse_through("2022-12-18"))
    frame = forecast(context)
    assert context.data_through == instants.parse("2022-12-16T21:00:00Z")
    assert context.targets == [date(2022, 12, 19), date(2022, 12, 20), date(2022, 12, 21)]
    assert context.warnings == (
        "observations off the calendar XNYS, left out: a (2022-11-24T00:00:00Z)",
        "no forecast, no observations: b",
    )
    assert frame.filter(pl.col("item") == "a")["p"].null_count() == 0


def test_one_failing_series_does_not_take_the_others_along() -> None:
    """Values on which a model overflows give nulls for that series only."""
    huge: list[float | None] = [1e308 if i % 2 else -1e308 for i in range(40)]
    declared = contract(('"Naive"', '"AutoETS"'))
    frame, warnings = run(pl.concat([series("a", wave()), series("b", huge)]), declared)
    assert frame.filter(pl.col("item") == "a")["p"].null_count() == 0
    assert frame.filter(pl.col("item") == "b")["p"].null_count() == 3
    assert warnings == ("no forecast, AutoETS gives no finite forecast: b",)


def test_the_same_input_gives_the_same_frame() -> None:
    """Twice the same run, and rows in another order, give the same bits, also where intervals are
    simulated.
    """
    table = pl.concat([series("a", wave(60)), series("b", wave(60, 30))])
    declared = contract(('"Naive"', '"AutoTheta"'))
    first, _ = run(table, declared)
    assert run(table.sample(fraction=1.0, shuffle=True, seed=3), declared)[0].equals(first)


def test_ids_keep_their_leading_zeros_from_csv() -> None:
    """An id "01" in a CSV file stays "01", and plain numbers become the text the contract wants."""
    declared = contract(('["a", "b"]', '["01", "02"]'), ("sold.parquet", "sold.csv"))
    table = pl.concat([series("01", wave()), series("02", wave())])
    table.write_csv("sold.csv")
    context = Context(declared, THROUGH)
    assert forecast(context)["p"].null_count() == 0
    assert context.warnings == ()
    declared = contract(('["a", "b"]', '["1", "2"]'), ("sold.parquet", "sold.csv"))
    pl.concat([series("1", wave()), series("2", wave())]).write_csv("sold.csv")
    assert forecast(Context(declared, THROUGH))["p"].null_count() == 0


def test_history_limits_what_is_used() -> None:
    """Observations older than `history` do not matter."""
    declared = contract(("[job.parameters]", "[job.parameters]\nhistory = 20"))
    old = pl.concat([series("a", [*[1e6] * 30, *wave(20)]), series("b", wave(20))])
    new = pl.concat([series("a", wave(20)), series("b", wave(20))])
    assert run(old, declared)[0].equals(run(new, declared)[0])


def test_horizon_shortens_what_is_forecast() -> None:
    """With a horizon below the domain's steps only the first targets are there."""
    table = pl.concat([series("a", wave()), series("b", wave())])
    frame, _ = run(table, contract(("[job.parameters]", "[job.parameters]\nhorizon = 1")))
    assert frame["day"].unique().to_list() == [date(2022, 12, 15)]


def test_timestamps_on_an_hourly_calendar() -> None:
    """Hourly observations are forecast for the next full hours."""
    declared = contract(
        ('calendar = "daily"', 'calendar = "hourly"'), ('type = "date"', 'type = "timestamp"')
    )
    hours = [datetime(2022, 12, 14, 20, tzinfo=UTC) - timedelta(hours=i) for i in range(50)]
    table = pl.DataFrame({"item": "a", "day": hours, "sold": wave(50)})
    frame, _ = run(table, declared)
    assert frame.filter(pl.col("item") == "a")["day"].to_list() == [
        datetime(2022, 12, 14, 22 + i, tzinfo=UTC) for i in range(2)
    ] + [datetime(2022, 12, 15, tzinfo=UTC)]
    assert frame.filter(pl.col("item") == "a")["p"].null_count() == 0


def test_several_id_columns_map_in_order() -> None:
    """The key's columns take the input's id columns in the order they are listed."""
    two = (
        '[key.item]\ntype = "string"',
        '[key.shop]\ntype = "integer"\n[key.item]\ntype = "string"',
    )
    declared = contract(
        two,
        ('item = ["a", "b"]', 'shop = [1, 2], item = ["a"]'),
        ("[job.parameters]", '[job.parameters]\nid = ["store", "item"]'),
    )
    table = pl.concat(
        [
            series("a", wave()).with_columns(store=1),
            series("a", wave(level=9)).with_columns(store=2),
        ]
    )
    frame, warnings = run(table, declared)
    assert warnings == ()
    assert frame.filter(pl.col("shop") == 1)["p"].is_between(90, 110).all()
    assert frame.filter(pl.col("shop") == 2)["p"].is_between(0, 20).all()


def test_a_set_of_one_series() -> None:
    """A key that is only the target is one series."""
    declared = contract(
        ('[key.item]\ntype = "string"\n', ""), ('values = { item = ["a", "b"] }', "")
    )
    frame, _ = run(series("a", wave()), declared)
    assert frame.columns == ["day", "p", "low", "high"]
    assert frame["p"].null_count() == 0
    assert run(series("a", [1.0]), declared)[1] == (
        "no forecast, shorter than 10 observations: the only series",
    )


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (
            ('"Naive"', '"Prophet"'),
            "bad_parameters",
            r"job.parameters: model: .*allowed: .*'AutoETS'.*'HistoricAverage'",
        ),
        (
            ('"Naive"', '"Naive"\nmodle = 1'),
            "bad_parameters",
            r"unknown field `modle` .did you mean 'model'.*; allowed: .*model",
        ),
        (('"Naive"', '"Naive"\nhorizon = 9'), "bad_parameters", r"horizon is 9, .* 3 steps"),
        (
            ('"Naive"', '"Naive"\nlevels = [0.5]'),
            "bad_parameters",
            r"levels \[0.5\] differ .*\[0.8\]",
        ),
        (
            ('"Naive"', '"Naive"\nid = ["x", "y"]'),
            "bad_parameters",
            r"id names 2 columns, the key has 1",
        ),
        (('"Naive"', '"Naive"\nlast = "lost"'), "bad_parameters", r"last names 'lost'"),
        (
            ('"Naive"', '"Naive"\ninput = "bought"'),
            "bad_parameters",
            r"input 'bought' is not one of sold",
        ),
        (
            ('value = "sold"', 'value = "price"'),
            "no_column",
            r"no column price; columns: item, day, sold",
        ),
        (('value = "sold"', 'value = "item"'), "column_type", r"'item' is String, not a number"),
        (
            ("[columns.p]", '[columns.note]\nrole = "attribute"\n[columns.p]'),
            "forecast_contract",
            r"no value for note",
        ),
    ],
)
def test_wrong_parameters_say_what_is_allowed(
    change: tuple[str, str], code: str, message: str
) -> None:
    """Each wrong parameter is an error that names it."""
    with pytest.raises(InvalidError, match=message) as caught:
        run(pl.concat([series("a", wave()), series("b", wave())]), contract(change))
    assert caught.value.code == code


def test_a_forecast_needs_targets() -> None:
    """Without a rolling domain there is nothing to forecast."""
    declared = contract(
        (
            '[domain]\nkind = "rolling"\nsteps = 3\ncalendar = "daily"\nvalues = { item = ["a", '
            '"b"] '
            "}\n",
            "",
        )
    )
    with pytest.raises(InvalidError, match="needs a rolling domain"):
        run(series("a", wave()), declared)


@given(
    values=st.lists(
        st.one_of(
            st.none(),
            st.floats(-1e9, 1e9),
            st.sampled_from([0.0, 1e-300, 1e300, float("inf"), float("nan")]),
        ),
        max_size=30,
    ),
    model=st.sampled_from(
        ["Naive", "RandomWalkWithDrift", "SeasonalNaive", "HistoricAverage", "AutoETS"]
    ),
    log=st.booleans(),
)
def test_no_series_fails_a_run(values: list[float | None], model: str, log: bool) -> None:
    """Whatever a series holds: every key is there, rows are all null or finite, bounds in order,
    nulls named.
    """
    declared = contract(('"Naive"', f'"{model}"\nlog = {str(log).lower()}'))
    frame, warnings = run(pl.concat([series("a", wave()), series("b", values)]), declared)
    assert frame.height == 6
    nulls = frame.select(pl.sum_horizontal(pl.col("p", "low", "high").is_null())).to_series()
    assert set(nulls) <= {0, 3}
    assert frame.filter(
        pl.col("p").is_not_null()
        & ~((pl.col("low") <= pl.col("p")) & (pl.col("p") <= pl.col("high")))
    ).is_empty()
    assert frame.filter(pl.col("item") == "a")["p"].null_count() == 0
    assert bool(frame["p"].null_count()) == any(": b" in warning for warning in warnings)


def test_the_example_set() -> None:
    """Twenty tickers, ten sessions over Christmas: no nulls, wider intervals further out, 80 %
    inside 95 %.
    """
    declared = read_contract(EXAMPLES / "sp500-close.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(EXAMPLES.parent)
        context = Context(declared, instants.parse_through("2022-12-21"))
        frame = conform(forecast(context), declared)
    assert context.warnings == ()
    assert frame.height == 200
    assert frame.null_count().sum_horizontal().item() == 0
    assert context.targets[1:4] == [date(2022, 12, 23), date(2022, 12, 27), date(2022, 12, 28)]
    assert frame.filter(pl.col("lower_95") >= pl.col("lower_80")).is_empty()
    assert frame.filter(pl.col("lower_95") <= 0).is_empty()
    width = frame.select("ticker", (pl.col("upper_80") / pl.col("lower_80")).alias("w"))
    assert width.group_by("ticker").agg((pl.col("w").diff() > 0).sum())["w"].to_list() == [9] * 20
    assert (frame["value"] / frame["last_close"]).is_between(0.95, 1.05).all()


SEASON = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0]  # Mondays 10, Sundays 70
WEEKLY = ('"Naive"', '"SeasonalNaive"\nseason_length = 7')


def weeks(count: int, without: tuple[int, ...] = ()) -> pl.DataFrame:
    """Whole weeks of the pattern up to a Wednesday, some days lost, of series a; b has them all."""
    end = date(2022, 12, 14)
    days = [end - timedelta(days=i) for i in reversed(range(7 * count))]
    values = [SEASON[day.weekday()] for day in days]
    whole = pl.DataFrame({"item": "b", "day": days, "sold": values})
    lost = [i for i in range(len(days)) if i not in without]
    return pl.concat([whole[lost].with_columns(item=pl.lit("a")), whole])


def points(frame: pl.DataFrame, item: str = "a") -> list[float | None]:
    """The point forecasts of a series."""
    return frame.filter(pl.col("item") == item)["p"].to_list()


def test_a_gap_keeps_its_place() -> None:
    """A lost day moves no season: Thursday's forecast is a Thursday's; and the gap is told."""
    frame, warnings = run(weeks(8, without=(20,)), contract(WEEKLY))
    assert points(frame) == points(frame, "b") == [40.0, 50.0, 60.0]
    assert warnings == ("steps missing inside, of which SeasonalNaive is told: a (2022-11-09)",)


@pytest.mark.parametrize("empty", [None, float("nan")])
def test_an_observation_without_a_value_is_a_gap(empty: float | None) -> None:
    """A null and a NaN are a day lost."""
    rows = weeks(8).with_row_index()
    table = rows.with_columns(
        sold=pl.when(pl.col("index") == 20).then(pl.lit(empty, pl.Float64)).otherwise("sold")
    ).drop("index")
    assert points(run(table, contract(WEEKLY))[0]) == [40.0, 50.0, 60.0]


def test_a_gap_that_a_model_does_not_take() -> None:
    """Null rows and a warning that names series and step; with the parameter it is filled in."""
    declared = contract(('"Naive"', '"AutoETS"\nseason_length = 7'))
    table = weeks(8, without=(20, 30))
    frame, warnings = run(table, declared)
    assert points(frame) == [None] * 3
    assert warnings == (
        "no forecast, steps missing inside, which AutoETS does not take (the parameter gaps = "
        '"interpolate" fills them): a (2022-11-09, 2022-11-19)',
    )
    filled = contract(('"Naive"', '"AutoETS"\nseason_length = 7\ngaps = "interpolate"'))
    frame, warnings = run(table, filled)
    assert points(frame) == pytest.approx([40.0, 50.0, 60.0], abs=5)
    assert warnings == ("steps missing inside, interpolated: a (2022-11-09, 2022-11-19)",)


def test_the_season_that_is_repeated_has_to_be_whole() -> None:
    """A day that is missing in the last week has no forecast to be repeated as."""
    frame, warnings = run(weeks(8, without=(52,)), contract(WEEKLY))
    assert points(frame) == [None] * 3
    assert "a (2022-12-11)" in warnings[0]


def test_intervals_of_a_series_with_a_gap_are_as_wide() -> None:
    """Errors that cannot be computed are not counted as none."""
    table = pl.concat([series("a", wave(400)), series("b", wave(400))])
    full, _ = run(table)
    holes = table.with_row_index().filter(~pl.col("index").is_in(list(range(5, 385, 4))))
    some, _ = run(holes.drop("index"))
    width = [(frame["high"] - frame["low"])[0] for frame in (full, some)]
    assert width[1] == pytest.approx(width[0], rel=0.05)


@pytest.mark.parametrize(
    ("calendar", "frame", "where"),
    [
        ("weekly", series("a", wave()), "2022-11-05T00:00:00Z, 2022-11-06T00:00:00Z, 2022-11-08"),
        ("weekdays", series("a", wave()), "2022-11-05T00:00:00Z"),
        ("monthly", series("a", wave()), "2022-11-05T00:00:00Z"),
    ],
)
def test_observations_off_the_calendar(calendar: str, frame: pl.DataFrame, where: str) -> None:
    """Daily rows under a weekly calendar are no weeks: null rows, and the first such times."""
    declared = contract(('calendar = "daily"', f'calendar = "{calendar}"'))
    made, warnings = run(frame, declared)
    assert points(made) == [None] * 3
    assert warnings[1].startswith(
        f"no forecast, observations off the calendar {calendar}: a ({where}"
    )


def test_hours_under_a_daily_calendar_are_finer_than_it() -> None:
    """Several observations of a day are not one."""
    hours = [datetime(2022, 12, 14, 20, tzinfo=UTC) - timedelta(hours=i) for i in range(50)]
    frame, warnings = run(pl.DataFrame({"item": "a", "day": hours, "sold": wave(50)}))
    assert points(frame) == [None] * 3
    assert warnings[1] == (
        "no forecast, two observations of one step of the calendar daily: a (2022-12-12, "
        "2022-12-13, 2022-12-14)"
    )


@pytest.mark.parametrize("value", [0.0, 7.0])
@pytest.mark.parametrize(
    "model", ["Naive", "SeasonalNaive", "RandomWalkWithDrift", "HistoricAverage", "AutoETS"]
)
def test_a_constant_series_is_forecast(value: float, model: str) -> None:
    """What never changed is expected not to change."""
    table = pl.concat([series("a", [value] * 40), series("b", wave())])
    frame, warnings = run(table, contract(('"Naive"', f'"{model}"')))
    assert points(frame) == pytest.approx([value] * 3)
    assert warnings == ()


def test_codes_stay_as_they_are_written() -> None:
    """250.10 and 250.1 are two codes, and 1e5 is no number: a CSV file's ids are text where the
    key is.
    """
    codes = ["250.10", "250.1", "1e5", "0x10"]
    declared = contract(('["a", "b"]', str(codes).replace("'", '"')), ("sold.parquet", "sold.csv"))
    tables = [series(code, wave(level=100.0 * i)) for i, code in enumerate(codes)]
    pl.concat(tables).write_csv("sold.csv")
    context = Context(declared, THROUGH)
    frame = forecast(context)
    assert context.warnings == ()
    for i, code in enumerate(codes):
        last = wave(level=100.0 * i)[-1]
        assert points(frame, code) == pytest.approx([last] * 3)


CODES = ["250.10", "250.1", "1e5", "0x10", "007"]
SAVED: dict[str, Callable[[pl.DataFrame], bytes]] = {
    "sold.csv": lambda frame: frame.write_csv().encode(),
    "sold.csv.gz": lambda frame: gzip.compress(frame.write_csv().encode()),
    "sold.csv.bz2": lambda frame: bz2.compress(frame.write_csv().encode()),
    "sold.ndjson": lambda frame: frame.write_ndjson().encode(),
    "sold.json": lambda frame: frame.write_json().encode(),
}


@pytest.mark.parametrize("name", SAVED)
def test_codes_of_every_form(name: str) -> None:
    """Codes stay the text they are in each form that a source may have."""
    declared = contract(('["a", "b"]', str(CODES).replace("'", '"')), ("sold.parquet", name))
    tables = [series(code, wave(level=100.0 * i)) for i, code in enumerate(CODES)]
    Path(name).write_bytes(SAVED[name](pl.concat(tables)))
    context = Context(declared, THROUGH)
    frame = forecast(context)
    assert context.warnings == ()
    for i, code in enumerate(CODES):
        assert points(frame, code) == pytest.approx([wave(level=100.0 * i)[-1]] * 3)


def test_observations_as_people_write_them() -> None:
    """Words for nothing are gaps, decimal commas are read, and both are said; a word is refused."""
    declared = contract(("sold.parquet", "sold.csv"))
    rows = pl.concat([series("a", wave()), series("b", wave())]).with_columns(
        pl.col("sold").round(2).cast(pl.String).str.replace(".", ",", literal=True)
    )
    last = rows["sold"][-1]
    rows = rows.with_columns(pl.when(pl.col("sold") == rows["sold"][5]).then(pl.lit("NA"))
                             .otherwise("sold").alias("sold"))  # fmt: skip
    rows.write_csv("sold.csv", separator=";")
    context = Context(declared, THROUGH)
    assert points(forecast(context), "b") == [float(last.replace(",", "."))] * 3
    assert "'NA' as no value" in context.warnings[0]
    Path("sold.csv").write_text(rows.write_csv(separator=";").replace(";NA", ";closed"))
    with pytest.raises(InvalidError, match="'closed'") as caught:
        forecast(Context(declared, THROUGH))
    assert caught.value.code == "bad_value"
