"""Which groups and moves are shown where there is no room for all, and what they are called."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.pages.change_sections import (
    collapsed,
    details,
    group_name,
    largest_groups,
    measure_of,
    plot_moves,
    tolerance,
)
from estimates.stability.pages.sections import PAGE_LIMITS
from estimates.stability.report import Change, Group
from tests.stability.one_column import compare, scalar

KEYED = """
name = "s"
[key.shop]
type = "string"
[key.day]
type = "date"
[columns.v]
"""


def group(value: str | None, r: float | None, plain: float | None, *, few: bool = False) -> Group:
    """A group with these changes that 1 in 20 keys exceeds."""
    return Group(value, 50, r, r, 0.5, None, few, plain, plain)


def test_groups_with_the_largest_change_shown_come_first() -> None:
    """By the 95 % of the table: symmetric ones put a fall of 60 % above a rise by 100 %."""
    groups = [group("fell", 0.857, 0.6), group("rose", 0.667, 1.0), group("new", None, None)]
    assert largest_groups(groups, 3) == groups
    assert [g.value for g in largest_groups(groups, 2)] == ["rose", "fell"]
    assert [g.value for g in largest_groups(groups, 1)] == ["rose"]


def test_what_is_left_out_is_counted() -> None:
    """A star says that there are few keys; a group without a value is null."""
    column = msgspec.structs.replace(
        compare([1.0], [2.0]).columns["value"],
        groups={"kind": [group(str(n), n / 10, n / 10, few=n == 2) for n in range(4)]},
    )
    shown = details("value", column, replace(PAGE_LIMITS, groups=2))[1]
    assert [row[0] for row in shown.rows] == ["3", "2 *"]
    assert shown.notes == [
        "the 2 that moved most, by 95 %; 2 more in the JSON",
        "* fewer than 30 keys",
    ]
    assert group_name(group(None, 0.1, 0.1, few=True)) == "null *"


def moved(*changes: tuple[list[str], float, float]) -> list[str]:
    """The lines of moves from one value to another."""
    of = scalar(compare([1.0], [2.0]))
    top = [Change(key, a, b, b - a, 0.1, (b - a) / a) for key, a, b in changes]
    return [move.name for move in collapsed(msgspec.structs.replace(of, top=top))]


def test_neighbours_that_moved_alike_are_one_line() -> None:
    """But for the last part of their key; a key of one part stands alone."""
    assert moved((["a", "1"], 1, 2), (["a", "2"], 1, 2), (["a", "3"], 1, 2)) == ["a/1 and 2 more"]
    assert moved((["a", "1"], 1, 2), (["b", "1"], 1, 2)) == ["a/1", "b/1"]
    assert moved((["a", "1"], 1, 2), (["a", "2"], 1, 3), (["a", "3"], 1, 2)) == [
        *("a/1", "a/2", "a/3")
    ]
    assert moved((["a"], 1, 2), (["b"], 1, 2)) == ["a", "b"]
    assert collapsed(None) == []


@pytest.mark.parametrize(
    ("rtol", "atol", "words"),
    [(0.01, 0.0, "1.00 %"), (0.0, 0.5, "0 % + 0.5"), (0.05, 1e-9, "5.00 % + 1e-09")],
)
def test_the_tolerance_in_words(rtol: float, atol: float, words: str) -> None:
    """A share, and an amount where there is one."""
    report = msgspec.structs.replace(compare([1.0], [2.0]), rtol=rtol, atol=atol)
    assert tolerance(report) == words


def test_moves_are_drawn_in_the_columns_measure() -> None:
    """Percent of the old value, probabilities in points; beyond the tolerance in another colour."""
    rows = plot_moves(compare([10.0, 10.0, 10.0], [15.0, 10.05, 10.0])).to_dict()
    drawn = {row["name"]: (row["value"], row["of"]) for row in rows["data"]["values"]}
    assert drawn["k0000"] == (50.0, "material: by more than 1.00 %")
    assert drawn["k0001"] == (pytest.approx(0.5), "within tolerance")
    chances = compare([0.5, 0.25], [0.75, 0.25], 'role = "probability"\nlabel = "up"')
    of = chances.columns["value"].scalar
    assert measure_of(of) == "points"
    assert measure_of(None) == "relative"
    (row,) = plot_moves(chances).to_dict()["data"]["values"]
    assert row["value"] == pytest.approx(25.0)


def test_days_of_a_shop_that_moved_alike_share_a_bar() -> None:
    """Nothing is drawn where nothing moved."""
    contract = parse_contract(KEYED)
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 3), eager=True)
    old = pl.DataFrame({"shop": "a", "day": days, "v": 1.0})
    report = diff(old, old.with_columns(v=pl.lit(2.0)), contract)
    (row,) = plot_moves(report).to_dict()["data"]["values"]
    assert row["name"] == "a/2024-01-01 and 2 more"
    assert plot_moves(diff(old, old, contract)).to_dict()["data"]["values"] == []
