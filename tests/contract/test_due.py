"""Deadlines: a time of day in a zone, daylight saving, calendars, holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from estimates.contract.contract_file import parse_contract
from estimates.contract.due import Due
from tests.builders import code_of, source


def of(due: Due, first: str, last: str) -> list[str]:
    """The deadlines between two dates, as text."""
    ends = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, last)]
    return [f"{deadline:%d %H:%M}" for deadline in due.deadlines(ends[0], ends[1])]


def test_a_deadline_moves_with_daylight_saving() -> None:
    """05:30 in Zurich is 04:30 UTC in winter and 03:30 in summer."""
    due = Due("05:30 Europe/Zurich", "daily", ())
    assert of(due, "2026-03-28", "2026-03-31") == ["28 04:30", "29 03:30", "30 03:30"]
    assert of(due, "2026-10-24", "2026-10-27") == ["24 03:30", "25 04:30", "26 04:30"]


def test_a_time_that_clocks_skip_or_repeat_is_one_deadline() -> None:
    """02:30 does not exist on one night and exists twice on another; both have one deadline."""
    due = Due("02:30 Europe/Zurich", "daily", ())
    assert of(due, "2026-03-28T12:00", "2026-03-29T12:00") == ["29 01:30"]
    assert of(due, "2026-10-24T12:00", "2026-10-25T12:00") == ["25 00:30"]


def test_the_end_of_a_day_is_a_deadline_too() -> None:
    """24:00 is midnight after the day that something is due on."""
    due = Due("24:00 US/Eastern", "weekly-wednesday", ())
    assert of(due, "2026-11-24", "2026-11-28") == ["26 05:00"]


def test_nothing_is_due_on_other_days_and_holidays() -> None:
    """A calendar chooses the days, holidays leave some out; an exchange's are listed."""
    christmas = (date(2026, 12, 25),)
    assert of(Due("06:00 UTC", "weekdays", christmas), "2026-12-24", "2026-12-29") == [
        "24 06:00",
        "28 06:00",
    ]
    assert of(Due("06:00 UTC", "XSWX", christmas), "2026-12-25", "2026-12-28T12:00") == ["28 06:00"]
    monthly = Due("06:00 UTC", "month-end", ())
    assert monthly.next_after(datetime(2026, 11, 30, 6, tzinfo=UTC)) == datetime(
        2026, 12, 31, 6, tzinfo=UTC
    )


def test_a_wrong_deadline_is_a_fault_of_the_contract() -> None:
    """What is no time, no zone or no calendar is named when the contract is read."""
    for line in ('"5:30 Europe/Zurich"', '"05:30 Mars/Base"', '"05:30"'):
        text = source(more=f"[freshness]\ndue = {line}\n")
        assert code_of(lambda text=text: parse_contract(text)) == "bad_contract"
    with pytest.raises(ValueError, match="no calendar; allowed: daily"):
        Due("05:30 UTC", "lunar", ())
    holidays = '[freshness]\ndue = "05:30 UTC"\ncalendar = "weekdays"\nholidays = [2026-12-25]\n'
    assert parse_contract(source(more=holidays)).freshness.holidays == (date(2026, 12, 25),)
