"""What a table of observed series is found to be."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates.errors import InvalidError
from estimates_jobs.run.calendars import calendar_of
from estimates_jobs.scaffold.series_profile import Columns, read_series

COLUMNS = Columns("day", ("shop",), "units")
FIRST, LAST = date(2021, 1, 1), date(2024, 12, 31)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(days: list[date] | list[datetime], values: list[float] | None = None) -> None:
    """A table of one series."""
    units = values or [float(number % 5) for number in range(len(days))]
    pl.DataFrame({"shop": ["01"] * len(days), "day": days, "units": units}).write_csv("t.csv")


@pytest.mark.parametrize(
    "calendar",
    ["daily", "weekdays", "monday-to-saturday", "weekly", "weekly-sunday", "monthly", "month-end",
     "quarterly", "quarter-end", "yearly", "XNYS"],
)  # fmt: skip
def test_the_calendar_is_that_of_the_observations(calendar: str) -> None:
    """The longest step that all observations keep; with holidays, an exchange's sessions."""
    write(calendar_of(calendar).steps(FIRST, LAST))
    assert read_series("t.csv", COLUMNS).profile.calendar == calendar


def test_hours_are_hours_and_less_is_refused() -> None:
    """Observations of several hours of a day are hourly; finer ones have to be aggregated."""
    write([datetime(2024, 5, 1) + timedelta(hours=number) for number in range(40)])
    assert read_series("t.csv", COLUMNS).profile.calendar == "hourly"
    write([datetime(2024, 5, 1) + timedelta(minutes=15 * number) for number in range(40)])
    with pytest.raises(InvalidError) as error:
        read_series("t.csv", COLUMNS)
    assert error.value.code == "unknown_calendar"


def test_gaps_zeros_and_season_are_counted() -> None:
    """Shares of missing steps and zeros, a season where its steps explain the changes, ids as text
    with their leading zeros.
    """
    days = [day for day in calendar_of("daily").steps(FIRST, date(2021, 4, 10)) if day.day != 7]
    write(days, [float(day.weekday() == 5) for day in days])
    profile = read_series("t.csv", COLUMNS).profile
    assert (profile.series, profile.ids, profile.id_types) == (
        1,
        {"shop": ["01"]},
        {"shop": "string"},
    )
    assert profile.missing == pytest.approx(4 / 100)
    assert profile.zeros == pytest.approx(1 - sum(day.weekday() == 5 for day in days) / 96)
    assert (profile.season, profile.whole, profile.lowest) == (7, True, 0)
    write(days, [float(number * number % 17) for number in range(len(days))])
    assert read_series("t.csv", COLUMNS).profile.season == 1


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("shop,day,units\na,2024-05-01,1\na,2024-05-01,2\n", "duplicate_key"),
        ("shop,day,units\na,2024-05-01,one\n", "column_type"),
        ("shop,day,unit\na,2024-05-01,1\n", "no_column"),
        ("shop,date,units\na,2024-05-01,1\n", "no_column"),
        ("shop,day,units\n,2024-05-01,1\na,2024-05-02,2\n", "null_key"),
        ("shop,day,units\na,2124-05-01,1\n", "no_rows"),
        ("shop,day,units\na,May,1\n", "time_type"),
    ],
)
def test_a_table_that_is_no_series_is_refused(table: str, code: str) -> None:
    """The error says what is wrong, and what to do."""
    Path("t.csv").write_text(table)
    with pytest.raises(InvalidError) as error:
        read_series("t.csv", COLUMNS)
    assert error.value.code == code
    assert "; " in error.value.message


def test_two_observations_of_a_step_are_shown_with_what_to_do() -> None:
    """Both numbers, and how many rows are concerned: whether they are repeated or parts of a step
    is nothing to guess.
    """
    rows = "a,2024-05-01,1.5\na,2024-05-01,2\nb,2024-05-01,3\nb,2024-05-02,3\nb,2024-05-02,3\n"
    Path("t.csv").write_text("shop,day,units\n" + rows)
    with pytest.raises(InvalidError, match=r"of a .*, 1\.5 and 2; 4 rows share") as error:
        read_series("t.csv", COLUMNS)
    assert "add them up first" in error.value.message
