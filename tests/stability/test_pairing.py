"""Which keys of two versions are compared: the same key, the same step after each origin, the same
target.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.stability.diff import diff
from estimates.stability.pages.report_text import render_json, render_text
from estimates.stability.paired_contract import with_pairing
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.builders import make_store, provenance
from tests.jobs.cli.calls import call
from tests.stability.changed_keys import changed_keys

DAILY = parse_contract(
    'name = "daily"\n[key.ticker]\ntype = "string"\n[key.day]\ntype = "date"\ntarget = '
    "true\n[columns.value]\n"
    '[stability]\npairing = "same_horizon"\n'
)
STEPS = parse_contract(
    'name = "steps"\n[key.ticker]\ntype = "string"\n[key.step]\ntype = "integer"\ntarget = '
    "true\n[columns.value]\n"
    '[stability]\npairing = "same_target"\nstep = "1d"\n'
)
FIRST = date(2026, 11, 2)
Values = Mapping[tuple[str, int], float]
CELLS = st.dictionaries(
    st.tuples(st.sampled_from("AB"), st.integers(-2, 9)), st.floats(1, 100), max_size=12
)


def origin(day: int) -> datetime:
    """The evening of a day; targets are days too, and 0 is the day of this origin."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, 21, tzinfo=UTC) + timedelta(days=day)


def dated(values: Values) -> pl.DataFrame:
    """A version whose targets are these days."""
    rows = [(ticker, FIRST + timedelta(days=day), value) for (ticker, day), value in values.items()]
    return pl.DataFrame(
        rows, schema={"ticker": pl.String, "day": pl.Date, "value": pl.Float64}, orient="row"
    )


def stepped(values: Values) -> pl.DataFrame:
    """A version whose targets are these numbers of steps."""
    rows = [(ticker, step, value) for (ticker, step), value in values.items()]
    return pl.DataFrame(
        rows, schema={"ticker": pl.String, "step": pl.Int64, "value": pl.Float64}, orient="row"
    )


def forecasts(shift: int) -> dict[tuple[str, int], float]:
    """Three days after the day `shift`: the value is 100 times the step, plus `shift`."""
    return {(ticker, shift + step): 100.0 * step + shift for ticker in "AB" for step in (1, 2, 3)}


def test_the_same_step_after_each_origin() -> None:
    """A set that rolls on compares step with step: every key is there, the change is that of the
    step.
    """
    report = diff(
        dated(forecasts(0)), dated(forecasts(2)), DAILY, through_a=origin(0), through_b=origin(2)
    )
    keys, scalar = report.keys, report.columns["value"].scalar
    assert (keys.common, keys.added, keys.removed, keys.elapsed, keys.advanced) == (
        6,
        0,
        0,
        None,
        None,
    )
    assert scalar is not None
    assert (scalar.mean_revision, scalar.mean_absolute_revision, scalar.top[0].key) == (
        2.0,
        2.0,
        ["A", "1"],
    )
    assert [(h.value, h.n) for h in report.columns["value"].horizons] == [
        ("1", 2),
        ("2", 2),
        ("3", 2),
    ]
    assert report.pairing == "same_horizon"
    assert render_text(report).startswith("daily  A → B, at the same horizon")
    by_key = diff(
        dated(forecasts(0)),
        dated(forecasts(2)),
        with_pairing(DAILY, "same_key"),
        through_b=origin(2),
    )
    assert by_key.keys.common == 2
    assert by_key.pairing == "same_key"


def test_one_content_at_two_origins_is_not_identical() -> None:
    """The same rows again, two days later, are estimates of other steps: what was the third one is
    the first one.
    """
    rows = dated(forecasts(0))
    report = diff(rows, rows, DAILY, through_a=origin(0), through_b=origin(2), identical=True)
    assert not report.identical
    assert report.keys.common == 2 * 1
    assert diff(
        rows, rows, DAILY, through_a=origin(0), through_b=origin(0), identical=True
    ).identical


@given(a=CELLS, b=CELLS, through_a=st.integers(-1, 5), through_b=st.integers(-1, 5))
def test_steps_agree_with_a_slow_reference(
    a: Values, b: Values, through_a: int, through_b: int
) -> None:
    """Steps count the targets of both versions after each one's origin, whatever gaps the versions
    have.
    """
    targets = sorted({day for _, day in (*a, *b)})

    def at_steps(values: Values, through: int) -> dict[tuple[str, int], float]:
        reached = sum(day <= through for day in targets)
        return {
            (ticker, targets.index(day) - reached + 1): value
            for (ticker, day), value in values.items()
        }

    old, new = at_steps(a, through_a), at_steps(b, through_b)
    report = diff(
        dated(a), dated(b), DAILY, through_a=origin(through_a), through_b=origin(through_b)
    )
    both = sorted(old.keys() & new.keys())
    assert (report.keys.common, report.keys.added, report.keys.removed) == (
        len(both),
        len(new.keys() - old.keys()),
        len(old.keys() - new.keys()),
    )
    scalar = report.columns["value"].scalar
    if scalar is not None:
        moved = {
            (ticker, str(step)): (old[ticker, step], new[ticker, step]) for ticker, step in both
        }
        assert {tuple(change.key): (change.a, change.b) for change in scalar.top} == {
            key: pair for key, pair in moved.items() if pair[0] != pair[1]
        }


@given(a=CELLS, b=CELLS)
def test_same_targets_agree_with_a_slow_reference(a: Values, b: Values) -> None:
    """Only targets that both versions have count; of these keys come and go as anywhere."""
    shared = {day for _, day in a} & {day for _, day in b}
    contract = with_pairing(DAILY, "same_target")
    keys = diff(dated(a), dated(b), contract, through_a=origin(0), through_b=origin(1)).keys
    old, new = ({key for key in values if key[1] in shared} for values in (a, b))
    assert (keys.common, keys.added, keys.removed) == (
        len(old & new),
        len(new - old),
        len(old - new),
    )
    assert (keys.elapsed, keys.advanced) == (len(a) - len(old), len(b) - len(new))
    backwards = diff(dated(b), dated(a), contract, through_a=origin(1), through_b=origin(0)).keys
    assert (backwards.elapsed, backwards.advanced) == (keys.elapsed, keys.advanced)


def test_steps_to_the_same_target() -> None:
    """Two days later the third step is the first one: steps are told after the newer origin."""
    a = stepped({("A", step): float(step) for step in (1, 2, 3)})
    b = stepped({("A", step): 10.0 + step for step in (1, 2, 3)})
    report = diff(a, b, STEPS, through_a=origin(0), through_b=origin(2) + timedelta(hours=1))
    keys, scalar = report.keys, report.columns["value"].scalar
    assert (keys.common, keys.elapsed, keys.advanced, keys.added, keys.removed) == (1, 2, 2, 0, 0)
    assert scalar is not None
    assert [(change.key, change.a, change.b) for change in scalar.top] == [(["A", "1"], 3.0, 11.0)]
    assert [h.value for h in report.columns["value"].horizons] == ["1"]
    same_steps = diff(
        a, b, with_pairing(STEPS, "same_horizon"), through_a=origin(0), through_b=origin(2)
    )
    assert (same_steps.keys.common, len(same_steps.columns["value"].horizons)) == (3, 3)


def test_changes_tell_steps() -> None:
    """Key by key the step stands in place of the date; a prefix may name it."""
    options: dict[str, Any] = {"through_a": origin(0), "through_b": origin(1)}
    rows = changed_keys(dated(forecasts(0)), dated(forecasts(1)), DAILY, **options)
    assert rows.schema["day"] == pl.Int64
    assert rows.select("ticker", "day", "value.a", "value.b").row(0) == ("A", 1, 100.0, 101.0)
    assert (
        changed_keys(
            dated(forecasts(0)), dated(forecasts(1)), DAILY, prefix=["B", 3], **options
        ).height
        == 1
    )


@pytest.mark.parametrize(
    ("contract", "pairing", "message"),
    [
        (DAILY, "same_day", "no pairing 'same_day'"),
        (
            parse_contract('name="x"\n[key.id]\ntype="string"\n[columns.v]'),
            "same_horizon",
            "target = true",
        ),
        (
            parse_contract('name="x"\n[key.id]\ntype="integer"\ntarget=true\n[columns.v]'),
            "same_target",
            "stability.step",
        ),
    ],
)
def test_pairings_that_a_contract_does_not_have(
    contract: Contract, pairing: str, message: str
) -> None:
    """Refused by name, saying what is missing."""
    with pytest.raises(InvalidError, match=message) as raised:
        with_pairing(contract, pairing)
    assert raised.value.code == "bad_pairing"


def test_an_unknown_origin_is_an_error() -> None:
    """Steps are counted from an origin: without one nothing is paired by guess."""
    with pytest.raises(InvalidError) as raised:
        diff(dated(forecasts(0)), dated(forecasts(1)), DAILY, through_b=origin(1))
    assert raised.value.code == "bad_pairing"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two versions of a daily set, a day apart, whose contract compares equal keys."""
    store = make_store(tmp_path / "store")
    source = (
        'name = "daily"\n[key.ticker]\ntype = "string"\n'
        '[key.day]\ntype = "date"\ntarget = true\n[columns.value]\n'
    )
    store.define(parse_contract(source), source)
    for shift in (0, 1):
        days = dated({(ticker, day): value for (ticker, day), value in forecasts(shift).items()})
        run = provenance(f"run {shift}")
        store.publish("daily", days, type(run)(origin(shift), run.run_id, inputs=run.inputs))
    return store


@pytest.mark.slow
def test_a_pairing_may_be_asked_for(store: Store) -> None:
    """In Python, over HTTP and on the command line the same bytes; reports of two pairings are kept
    apart.
    """
    report = store["daily"].diff(1, 2, pairing="same_horizon")
    assert (report.keys.common, store["daily"].diff(1, 2).keys.common) == (6, 4)
    printed = call(
        "diff",
        "daily",
        1,
        2,
        "--pairing",
        "same_horizon",
        "--store",
        store.root,
        "--format",
        "json",
    )
    assert printed.out == render_json(report)
    with TestClient(create_app(store)) as client:
        path = "/v1/sets/daily/diff"
        query: dict[str, Any] = {"from": 1, "to": 2, "pairing": "same_horizon"}
        assert client.get(path, params=query).content == render_json(report)
        assert (
            client.get(path, params=query | {"pairing": "same_hour"}).json()["code"]
            == "bad_parameter"
        )
        page = client.get(f"{path}/changes", params=query | {"limit": 1}).json()
        assert (page["pairing"], page["total"], page["changes"][0]["key"]) == (
            "same_horizon",
            6,
            ["A", "1"],
        )
        following = client.get(
            f"{path}/changes", params=query | {"limit": 1, "cursor": page["next"]}
        ).json()
        assert following["changes"][0]["key"] == ["A", "2"]
        other = client.get(f"{path}/changes", params={"from": 1, "to": 2, "cursor": page["next"]})
        assert other.json()["code"] == "bad_cursor"
    table = call(
        "diff", "daily", 1, 2, "--changes", "--pairing", "same_horizon", "--store", store.root
    )
    assert table.text.startswith("daily version 1 → 2, at the same horizon, 6 of 6 changes")
    html = call(
        "diff",
        "daily",
        1,
        2,
        "--pairing",
        "same_horizon",
        "--store",
        store.root,
        "--format",
        "html",
    ).text
    assert "at the same horizon" in html


def test_a_page_of_changes_is_the_table(store: Store) -> None:
    """Steps in JSON are read back as the whole numbers that they are."""
    daily = store["daily"]
    page = daily.changes_page(1, 2, pairing="same_horizon")
    assert page.frame(daily.contract).equals(daily.changes(1, 2, pairing="same_horizon"))


def test_files_have_no_origin(store: Store, tmp_path: Path) -> None:
    """A pairing is for two versions; beside a file, keys are compared as they are, whatever the
    contract says.
    """
    file = tmp_path / "next.csv"
    dated(forecasts(1)).write_csv(file)
    assert (
        call("diff", "daily", 1, file, "--pairing", "same_horizon", "--store", store.root).code == 2
    )
    source = (
        'name = "daily"\n[key.ticker]\ntype = "string"\n'
        '[key.day]\ntype = "date"\ntarget = true\n[columns.value]\n'
    )
    source += '[stability]\npairing = "same_horizon"\n'
    store.define(parse_contract(source), source)
    assert store["daily"].diff(1, 2).pairing == "same_horizon"
    beside = call("diff", "daily", 1, file, "--store", store.root, "--format", "json").json
    assert (beside["pairing"], beside["keys"]["common"]) == ("same_key", 4)
