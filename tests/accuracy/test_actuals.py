"""Tables of actual values, as the files of others have them."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from estimates.accuracy.actuals import actual, read_actuals
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from tests.accuracy.scored import (
    CHURN,
    DATED,
    days,
    scored,
)


def test_target_data_of_a_hub_are_read() -> None:
    """Its one table has all targets, `observation`, and `as_of` for when a value was known."""
    contract = parse_contract(
        'name = "flu"\n[key.location]\ntype = "string"\n[columns.q]\nquantiles = [0.1, 0.9]\n'
        '[load.where]\ntarget = "hosp"\noutput_type = "quantile"\n'
    )
    frame = pl.DataFrame(
        {
            "as_of": ["2026-01-05", "2026-01-12", "2026-01-12"],
            "location": ["US", "US", "US"],
            "target": ["hosp", "hosp", "deaths"],
            "observation": [1.0, 2.0, 99.0],
        }
    )
    for vintage, value in ((None, 2.0), ("2026-01-06", 1.0)):
        rows = read_actuals(frame, contract, vintage).rows
        assert rows[actual("value")].to_list() == [value]
    oracle = frame.rename({"observation": "oracle_value"}).head(2).drop("as_of").tail(1)
    assert read_actuals(oracle, contract).rows[actual("value")].to_list() == [2.0]


ORACLE = pl.DataFrame(
    [
        ("US", "quantile", None, "12"),
        ("US", "sample", None, "12"),
        ("US", "pmf", "down", "0"),
        ("US", "pmf", "up", "1"),
        ("01", "pmf", "down", "1"),
        ("01", "pmf", "up", "0"),
    ],
    schema=["location", "output_type", "output_type_id", "oracle_value"],
    orient="row",
)


def test_the_oracle_output_of_a_hub_is_read() -> None:
    """A number that stands there for each output type is one; of categories that counts which
    happened; of one category whether it did.
    """
    head = 'name = "flu"\n[key.location]\ntype = "string"\n'
    up, down = (
        f'[columns.p_{label}]\nrole = "probability"\nlabel = "{label}"\n'
        for label in ("up", "down")
    )
    for columns, wanted in (
        ("[columns.q]\nquantiles = [0.1, 0.9]\n", {"US": 12.0}),
        (up + down, {"01": "down", "US": "up"}),
        (up, {"01": "not up", "US": "up"}),
    ):
        rows = read_actuals(ORACLE, parse_contract(head + columns)).rows
        assert dict(rows.rows()) == wanted


HUB = """
name = "flu"
[key.location]
type = "string"
[key.target_end_date]
type = "date"
target = true
[columns.horizon]
role = "attribute"
type = "integer"
"""


def test_what_happened_may_differ_by_horizon() -> None:
    """Categories of a hub are changes since a day that each horizon has; a number that is the same
    for all of them is one.
    """
    labels = (f'[columns.p_{x}]\nrole = "probability"\nlabel = "{x}"\n' for x in ("up", "down"))
    changes, counts = parse_contract(HUB + "".join(labels)), parse_contract(HUB + "[columns.v]\n")
    rows = [
        ("US", "2026-01-03", step, "pmf", x, float(x == y))
        for step, y in ((0, "up"), (1, "down"))
        for x in ("up", "down")
    ]
    names = [
        "location",
        "target_end_date",
        "horizon",
        "output_type",
        "output_type_id",
        "oracle_value",
    ]
    read = read_actuals(pl.DataFrame(rows, schema=names, orient="row"), changes)
    assert read.by == ["location", "target_end_date", "horizon"]
    assert dict(read.rows.select("horizon", actual("label")).rows()) == {0: "up", 1: "down"}
    numbers = [("US", "2026-01-03", step, "quantile", None, 7.0) for step in (0, 1)]
    read = read_actuals(pl.DataFrame(numbers, schema=names, orient="row"), counts)
    assert (read.by, read.rows.height) == (["location", "target_end_date"], 1)
    first, second = (pl.DataFrame([row], schema=names, orient="row") for row in numbers)
    other = second.with_columns(horizon=pl.lit(0), oracle_value=pl.lit(8.0))
    with pytest.raises(InvalidError, match="appears more than once"):
        read_actuals(
            pl.concat(
                [first.with_columns(horizon=pl.lit(0, pl.Int64)), other], how="vertical_relaxed"
            ),
            counts,
        )


def test_older_hubs_call_the_target_date_date() -> None:
    """Which is not what was observed of all targets."""
    frame = pl.DataFrame({"date": ["2026-01-03"], "location": ["US"], "value": [7.0]})
    assert read_actuals(frame, parse_contract(HUB + "[columns.v]\n")).by == [
        "location",
        "target_end_date",
    ]


@pytest.mark.parametrize("name", ["actual", "observed", "truth", "y", "y_true", "value"])
def test_what_people_call_it(name: str) -> None:
    """Where there is one thing to observe, its column may have any of the usual names."""
    contract = parse_contract('name = "s"\n[key.k]\ntype = "string"\n[columns.forecast]\n')
    frame = pl.DataFrame({"k": ["a"], name: [1.5]})
    assert read_actuals(frame, contract).rows[actual("forecast")].to_list() == [1.5]


def test_of_two_points_each_has_its_own_name() -> None:
    """`actual` does not say of which it is."""
    contract = parse_contract(
        'name = "s"\n[key.k]\ntype = "string"\n[columns.sales]\n[columns.visits]\n'
    )
    with pytest.raises(InvalidError, match="wanted: sales, visits; name the column"):
        read_actuals(pl.DataFrame({"k": ["a"], "actual": [1.5]}), contract)


def test_a_set_of_scores_alone_has_nothing_to_observe() -> None:
    """A score is not compared with anything that happens: the error says what is."""
    contract = parse_contract(
        'name = "churn"\n[key.id]\ntype = "string"\n[columns.risk]\nrole = "score"\n'
    )
    with pytest.raises(InvalidError, match="risk is a score") as refused:
        read_actuals(pl.DataFrame({"id": ["a"], "risk": [1.0]}), contract)
    assert refused.value.code == "no_actuals"
    assert refused.value.message.endswith("the contract says so by `role`")


def test_the_vintage_used_is_recorded() -> None:
    """Of several vintages the newest counts, or what was known at the one asked for; the scores say
    which.
    """
    actuals = pl.DataFrame(
        {
            "item": ["a", "a", "b"],
            "p": [1.0, 2.0, 5.0],
            "vintage": [date(2024, 2, 1), date(2024, 3, 1), date(2024, 1, 1)],
        }
    )
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n'
    frame = pl.DataFrame({"item": ["a", "b"], "p": [0.0, 0.0]})
    newest = scored(toml, frame, actuals)
    assert newest.columns["p"].point is not None
    assert (newest.vintage, newest.asked, newest.columns["p"].point.mae) == (
        "2024-03-01",
        None,
        3.5,
    )
    then = scored(toml, frame, actuals, vintage="2024-02-29")
    assert then.columns["p"].point is not None
    assert (then.vintage, then.asked, then.columns["p"].point.mae) == (
        "2024-02-01",
        "2024-02-29",
        3.0,
    )
    before = scored(toml, frame, actuals, vintage="2024-01-15")
    assert (before.keys.matched, before.keys.unmatched) == (1, 1)
    assert then.actuals != newest.actuals
    text = actuals.with_columns(pl.col("vintage").cast(pl.String), pl.col("p").cast(pl.String))
    assert scored(toml, frame, text) == newest


def test_bad_actual_values_are_errors_that_name_them() -> None:
    """Duplicate and null keys, missing columns, wrong types and vintages are said, never
    guessed.
    """
    contract = parse_contract(DATED)
    good = pl.DataFrame({"item": ["a", "b"], "day": days(2), "p": [1.0, 2.0]})
    cases: list[tuple[pl.DataFrame, str | None, str, str]] = [
        (good.drop("item"), None, "columns", "item"),
        (good.drop("p"), None, "no_actuals", "p, value"),
        (pl.concat([good, good.head(1)]), None, "duplicate_key", "a/2024-01-01"),
        (good.with_columns(item=pl.Series(["a", None])), None, "null_key", "None/2024-01-02"),
        (good.with_columns(day=pl.Series([1, 2])), None, "column_type", "day"),
        (good.with_columns(p=pl.Series(["1.5", "x"])), None, "bad_value", "row 2"),
        (good, "2024-01-01", "bad_vintage", "vintage"),
        (good.with_columns(vintage=pl.Series([1, 2])), None, "bad_vintage", "int64"),
        (
            good.with_columns(vintage=pl.Series([date(2024, 1, 1), None])),
            None,
            "bad_vintage",
            "null",
        ),
    ]
    for frame, vintage, code, word in cases:
        with pytest.raises(InvalidError) as caught:
            read_actuals(frame, contract, vintage)
        assert (caught.value.code, word in caught.value.message) == (code, True), (
            caught.value.message
        )
    with pytest.raises(InvalidError) as caught:
        read_actuals(pl.DataFrame({"item": ["a"], "value": [2]}), parse_contract(CHURN))
    assert caught.value.code == "bad_actual"


def test_the_target_may_be_left_out() -> None:
    """One outcome for all targets of a key counts for each of them."""
    frame = pl.DataFrame(
        {"item": ["a", "a", "b"], "day": [*days(2), days(1)[0]], "p": [1.0, 3.0, 9.0]}
    )
    point = scored(DATED, frame, pl.DataFrame({"item": ["a"], "value": [1.0]})).columns["p"].point
    assert point is not None
    assert (point.n, point.mae) == (2, 1.0)
