"""Observations on the steps of a calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from estimates_jobs.builtin.forecast_steps import STEP, Steps
from estimates_jobs.run.calendars import calendar_of


def at(*days: int, hour: int = 0) -> pl.Series:
    """Moments in March 2026, a Sunday the first."""
    moments = [datetime(2026, 3, day, hour, tzinfo=UTC) for day in days]
    return pl.Series("time", moments, dtype=pl.Datetime("us", "UTC"))


def test_steps_are_numbered_from_the_first_observation() -> None:
    """A day that is missing keeps its number; so has the first target."""
    steps = Steps(calendar_of("daily"), at(2, 3, 5), date(2026, 3, 6))
    numbered = steps.numbered(pl.DataFrame({"time": at(5, 2, 3, hour=13), "y": [5, 2, 3]}))
    assert numbered[STEP].to_list() == [3, 0, 1]
    assert numbered["y"].to_list() == [5, 2, 3]
    assert (steps.target, steps.text(4), steps.calendar) == (4, "2026-03-06", "daily")


def test_what_is_off_the_calendar_has_no_number() -> None:
    """Observations of a weekend, where the calendar has weekdays."""
    steps = Steps(calendar_of("weekdays"), at(6, 7, 9), date(2026, 3, 10))
    numbered = steps.numbered(pl.DataFrame({"time": at(6, 7, 9)}))
    assert numbered[STEP].to_list() == [0, None, 1]
    assert steps.target == 2


@pytest.mark.parametrize(("observed", "target"), [((), 0), ((9,), 0), ((2,), 4)])
def test_the_target_is_a_step_in_any_case(observed: tuple[int, ...], target: int) -> None:
    """Without observations, or with later ones only, the first target is step 0."""
    steps = Steps(calendar_of("daily"), at(*observed), date(2026, 3, 6))
    assert (steps.target, steps.text(steps.target)) == (target, "2026-03-06")


def test_hours_are_steps_of_an_hourly_calendar() -> None:
    """An observation within an hour belongs to it."""
    first = datetime(2026, 3, 1, 10, 20, tzinfo=UTC)
    moments = pl.Series("time", [first, first + timedelta(hours=2)], dtype=pl.Datetime("us", "UTC"))
    steps = Steps(calendar_of("hourly"), moments, datetime(2026, 3, 1, 13, tzinfo=UTC))
    assert steps.numbered(moments.to_frame())[STEP].to_list() == [0, 2]
    assert (steps.target, steps.text(3)) == (3, "2026-03-01T13:00:00Z")
