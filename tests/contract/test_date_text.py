"""Days as people write them: read by one rule, or not at all where two fit."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.date_text import days_of_people, two_orders
from estimates.contract.number_text import NumberOptions
from estimates.contract.text_values import parsed
from estimates.errors import InvalidError

LAST, FIRST = date(2026, 1, 31), date(2026, 2, 1)


@pytest.mark.parametrize(
    "cells",
    [
        ("31.01.2026", "1.2.2026"),
        ("31.01.2026 00:00:00", "01.02.2026 00:00:00"),
        ("31/01/2026", "01/02/2026"),
        ("01/31/2026", "2/1/2026"),
        ("31-01-2026", "01-02-2026"),
        ("2026/01/31", "2026/02/01"),
        ("2026-1-31", "2026-2-1"),
        ("31-Jan-2026", "01-Feb-2026"),
        ("31 January 2026", "1 February 2026"),
        ("Jan 31, 2026", "Feb 1, 2026"),
        (" 31.01.2026 ", "01.02.2026"),
    ],
)
def test_spellings_of_days(cells: tuple[str, str]) -> None:
    """Whether day or month comes first is what the cells show; words for nothing are null."""
    days = days_of_people(pl.Series("d", [*cells, "NA", "", None]))
    assert days is not None
    assert days.to_list() == [LAST, FIRST, None, None, None]


@pytest.mark.parametrize(
    "cells",
    [
        ["01/02/2026", "02/03/2026"],  # two orders
        ["31.01.2026", "soon"],
        ["32.01.2026"],
        ["2026-W05"],
        ["2026-01"],
        ["2026Q1"],
        ["1/2/26"],  # two digits of a year say too little
        ["20260131"],
        ["2026-01-31"],  # programs write it so: nothing is to be done
        ["2026-01-31 00:00:00"],
        ["1.2.3"],
        ["", None],
        [],
    ],
)
def test_what_is_no_day_of_people(cells: list[str | None]) -> None:
    """It stays the text that it is."""
    assert days_of_people(pl.Series("d", cells, dtype=pl.String)) is None


def test_two_orders_are_named() -> None:
    """With a cell and both days; where the orders agree there is nothing to choose."""
    assert two_orders(pl.Series(["01/01/2026", "01/02/2026"])) == (
        "'01/02/2026' may be 2026-02-01 or 2026-01-02"
    )
    assert two_orders(pl.Series(["01/13/2026", "01/02/2026"])) is None
    same = days_of_people(pl.Series(["01/01/2026", "02/02/2026"]))
    assert same is not None
    assert same.to_list() == [date(2026, 1, 1), date(2026, 2, 2)]


def test_under_a_contract_it_is_said() -> None:
    """A column of dates is read, with a sentence; two orders are refused with both days."""
    notes: list[str] = []
    series = pl.Series("day", ["31.01.2026", "NA"])
    assert parsed(series, "date", None, NumberOptions(None, notes)).to_list() == [LAST, None]
    assert notes == ["column 'day': '31.01.2026' is read as 2026-01-31"]
    with pytest.raises(InvalidError, match="may be 2026-02-01 or 2026-01-02: write days as"):
        parsed(pl.Series("day", ["01/02/2026"]), "date", None, NumberOptions(None, []))


@given(
    days=st.lists(st.dates(date(1000, 1, 1)), min_size=1, max_size=8),
    form=st.sampled_from(["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%b-%Y", "%B %d, %Y"]),
)
def test_never_another_day(days: list[date], form: str) -> None:
    """What is read is what was written, or it is not read."""
    read = days_of_people(pl.Series("d", [day.strftime(form) for day in days]))
    assert read is None or read.to_list() == days
    shown = [*days, date(2026, 12, 31), date(2026, 12, 31) - timedelta(days=1)]
    read = days_of_people(pl.Series("d", [day.strftime(form) for day in shown]))
    assert read is not None
    assert read.to_list() == shown
