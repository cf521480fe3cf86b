"""Totals over a hierarchy, weighted or not, and how much of them lies below the scale floor."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.stability.diff import diff
from estimates.stability.family_reports import Total, Totals
from estimates.stability.pages.report_text import render_json, render_text

SHOPS = """
name = "demand"
[key.shop]
type = "string"
[columns.units]
{units}
[columns.region]
role = "attribute"
type = "string"
nullable = true
[columns.price]
role = "attribute"
type = "float"
nullable = true
{more}
"""


def contract(
    units: str = "", more: str = '[stability]\nhierarchy = ["region", "shop"]\n'
) -> Contract:
    """Units of shops in regions, with a price."""
    return parse_contract(SHOPS.format(units=units, more=more))


def frame(units: list[float], prices: list[float | None] | None = None) -> pl.DataFrame:
    """A shop a value; every other one in the north."""
    n = len(units)
    return pl.DataFrame(
        {
            "shop": [f"s{i:03}" for i in range(n)],
            "units": units,
            "region": ["north" if i % 2 else "south" for i in range(n)],
            "price": prices or [1.0] * n,
        },
        schema_overrides={"price": pl.Float64},
    )


def totals(of: Contract, old: pl.DataFrame, new: pl.DataFrame) -> Totals:
    """Those of the units."""
    measured = diff(old, new, of).columns["units"].totals
    assert measured is not None
    return measured


def test_totals_of_each_level() -> None:
    """All, then regions, then shops; a level's parts are the groups of the next one."""
    old, new = frame([10.0, 20.0, 30.0, 40.0]), frame([10.0, 26.0, 30.0, 41.0])
    measured = totals(contract(), old, new)
    assert measured.all == Total([], 4, 100.0, 107.0, 0.07, 1, 1)
    assert measured.levels["region"] == [
        Total(["north"], 2, 60.0, 67.0, pytest.approx(7 / 60), 1, 2),  # type: ignore[arg-type]
        Total(["south"], 2, 40.0, 40.0, 0.0, 0, 0),
    ]
    assert measured.levels["shop"][0].path == ["north", "s001"]


def test_the_headline_says_who_carries_it() -> None:
    """The total, the group that moved it most, and how many parts carry four fifths."""
    old = frame([100.0] * 100)
    new = frame([100.0 + (6 if i % 2 and i < 80 else 0) for i in range(100)])
    report = diff(old, new, contract())
    assert (
        "units +2.40 % in total; region north +4.80 %, 32 shops carry 80 % of it" in report.headline
    )
    text = render_text(report)
    assert "Totals of units" in text
    assert "region north" in text


def test_keys_are_weighted() -> None:
    """By a price that each key had; a key without one counts for nothing."""
    of = contract('weight = "price"', "")
    old, new = frame([10.0, 10.0, 10.0], [1.0, 9.0, None]), frame([20.0, 10.0, 99.0])
    assert totals(of, old, new).all == Total([], 2, 100.0, 110.0, 0.1, 1, 1)
    assert "units × price +10.0 % in total" in diff(old, new, of).headline


def test_how_much_lies_below_the_floor() -> None:
    """Of the old total, on keys whose change is relative to the contract's scale floor."""
    of = contract("scale_floor = 5.0", "")
    old, new = frame([1.0, 4.0, 95.0]), frame([2.0, 3.0, 95.0])
    assert totals(of, old, new).below_floor == pytest.approx(0.05)
    assert "5.00 % of the total lies below the scale floor" in diff(old, new, of).headline


def test_without_a_word_in_the_contract_there_are_none() -> None:
    """Neither in the report nor in its bytes."""
    report = diff(frame([1.0]), frame([2.0]), contract(more=""))
    assert report.columns["units"].totals is None
    assert b"totals" not in render_json(report)


@pytest.mark.parametrize(
    ("units", "more"),
    [('weight = "region"', ""), ('weight = "units"', ""), ("", '[stability]\nhierarchy = ["x"]\n')],
)
def test_a_contract_names_columns_that_there_are(units: str, more: str) -> None:
    """A weight is an attribute that is a number, a level a column."""
    with pytest.raises(InvalidError) as refused:
        contract(units, more)
    assert refused.value.code == "bad_contract"


values = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=12)


@given(st.lists(st.tuples(*[st.integers(-50, 50).map(float)] * 2), min_size=1, max_size=12))
def test_levels_add_up(pairs: list[tuple[float, float]]) -> None:
    """The groups of a level are the whole, and carriers are the fewest with four fifths."""
    old, new = (frame([pair[side] for pair in pairs]) for side in (0, 1))
    measured = totals(contract(), old, new)
    for level in ("region", "shop"):
        groups = measured.levels[level]
        assert sum(group.a for group in groups) == measured.all.a
        assert sum(group.b for group in groups) == measured.all.b
        assert sum(group.n for group in groups) == measured.all.n == len(pairs)
    moves = sorted((abs(group.b - group.a) for group in measured.levels["region"]), reverse=True)
    fewest = next((k for k in range(3) if sum(moves[:k]) >= 0.8 * sum(moves) - 1e-9), 0)
    assert measured.all.carriers == fewest
