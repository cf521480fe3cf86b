"""Values as cells of a table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from estimates.contract.contract_file import parse_contract
from estimates_jobs.cli.output import cells
from tests.contract.contracts import ROLLING

_AT = datetime(2024, 6, 3, 16, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=12, seconds=5), "12m 5s"),
        (timedelta(hours=3), "3h"),
        (timedelta(days=3, hours=4, minutes=59), "3d 4h"),
        (timedelta(days=3, minutes=59), "3d"),
        (timedelta(days=-400), "1y 34d"),
        (timedelta(milliseconds=900), "0s"),
    ],
)
def test_a_duration_has_its_two_largest_units(span: timedelta, text: str) -> None:
    """One that is 0 is left out; what has passed and what is to come look the same."""
    assert cells.duration(span) == text


def test_changes_have_bars_as_long_as_they_are_large() -> None:
    """Relative changes; up and down look different, what is hidden or missing has no bar."""
    old, new = [100.0, 100.0, None, 100.0], [110.0, 95.0, 5.0, 200.0]
    lines = cells.changes_with_bars(old, new, [False, False, False, True], None)
    assert [line.count("▲") for line in lines] == [8, 0, 0, 0]
    assert [line.count("▽") for line in lines] == [0, 4, 0, 0]
    assert len({len(line.partition(" ▲")[0].partition(" ▽")[0]) for line in lines[:2]}) == 1


def test_no_bars_where_nothing_moved() -> None:
    """Nothing is divided by a largest move of 0."""
    assert all("▲" not in line for line in cells.changes_with_bars([1.0], [1.0], [False], None))
    assert cells.changes_with_bars([], [], [], None) == []


def test_bars_of_sizes() -> None:
    """The smallest trace is seen; nothing and none are not."""
    assert cells.size_bars([8.0, 4.0, 0.001, 0.0, None]) == ["█" * 8, "█" * 4, "█", "", ""]
    assert cells.size_bars([0.0, None]) == ["", ""]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (True, True),
        (None, None),
        (12, 12),
        (_AT, "2024-06-03T16:00:05Z"),
        (date(2024, 6, 3), "2024-06-03"),
        ([3, 1.5, 2], "3 draws, 1.5 to 3"),
        ([], "[]"),
        (["a"], "['a']"),
    ],
)
def test_plain(value: Any, text: object) -> None:
    """Times in full where nobody looks; of draws how many and from where to where."""
    assert cells.plain(value) == text


@pytest.mark.parametrize(
    ("value", "number"), [(1.5, 1.5), (2, 2), (True, None), ("3", None), (None, None)]
)
def test_a_real_number(value: object, number: float | None) -> None:
    """A boolean and text are none."""
    assert cells.real_number(value) == number


@pytest.mark.parametrize(
    ("value", "text"), [(1234.567, "1235"), (-0.00012345, "−0.0001234"), (None, "–"), (-0.0, "0")]
)
def test_four_digits(value: float | None, text: str) -> None:
    """With the sign that is as wide as a plus; it stands to the right, as numbers do."""
    cell = cells.four_digits(value, "red")
    assert (cell.plain, cell.style, cell.justify) == (text, "red", "right")


def test_numbers_that_differ_look_different() -> None:
    """As many digits as tell them apart."""
    assert [str(cell) for cell in cells.number_pair(1.00000001, 1.00000002)] == [
        *("1.00000001", "1.00000002"),
    ]
    assert [str(cell) for cell in cells.number_pair(1.0, None)] == ["1", "None"]


def test_columns_that_a_narrow_terminal_does_without() -> None:
    """Ends of an interval go together; titles have their unit."""
    contract = parse_contract(ROLLING)
    names = ["value", "lower_80", "upper_80"]
    assert cells.less_needed(names, contract) == [("lower_80", "upper_80")]
    assert cells.column_title("value", contract) == "value [USD]"
    rows = [None, {"upper_80": 1, "other": 2}, {"value": None}]
    assert cells.present_columns(rows, contract) == ["value", "upper_80"]
