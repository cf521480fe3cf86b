"""Times and dates as databases and tools write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.time_values import dates_of, instants_of, moments_of, says_no_zone
from estimates.errors import InvalidError


def instant(text: str, zone: str | None = None) -> datetime | None:
    """The moment that one cell says."""
    moment: datetime | None = instants_of(pl.Series("t", [text]), zone)[0]
    return moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T08:30:00Z",
        "2026-01-01t08:30:00z",
        "2026-01-01 08:30:00+00",
        "2026-01-01 08:30:00 UTC",
        "2026-01-01 08:30:00 GMT",
        "2026-01-01 00:30:00 -0800",
        "2026-01-01 00:30:00.000000000 -08:00",
        "2026-01-01T14:00+0530",
        "2026-01-01 14:00:00.000+05:30",
        "2026-01-01 05:30-03",
        "2026-01-01T08:30Z",
    ],
)
def test_a_moment_has_many_spellings(text: str) -> None:
    """PostgreSQL, DuckDB, BigQuery, Snowflake and Arrow write the same moment."""
    assert instant(text) == datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
    assert instant(text, "Asia/Tokyo") == datetime(2026, 1, 1, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 00:00:00.1234567Z",
        "2026-01-01 00:00:00+99:99",
        "2026-02-30 00:00:00Z",
        "2026-01-01 24:00:00Z",
        "9999-12-31 23:59:59-05:00",
        "2026-01-01 00:00:00 PST",
        "01/02/2026 00:00:00Z",
        "2026-01-01",
        "2026-01-01 00:00:00",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    """Too fine, outside the calendar, or without a zone that anybody said."""
    assert instant(text) is None


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-07-01 12:00:00", 10),
        ("2026-07-01T12:00", 10),
        ("2026-01-01 12:00:00.000000000", 11),
        ("2026-01-02", 23),
        ("2026-03-29 02:30:00", None),
        ("2026-10-25 02:30:00", None),
    ],
)
def test_a_zone_that_is_named(text: str, hour: int | None) -> None:
    """A local time is one moment, but for those that a zone skips or has twice."""
    moment = instant(text, "Europe/Berlin")
    assert (None if moment is None else moment.hour) == hour


def test_no_zone_has_this_name() -> None:
    """A zone that the database does not have is an error with examples."""
    with pytest.raises(InvalidError, match="'Mars/Base' is no time zone; write a name such as UTC"):
        instant("2026-01-01 00:00", "Mars/Base")


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-840, 840))
def test_any_offset(moment: datetime, minutes: int) -> None:
    """The offset is taken from the local time, in each of its spellings."""
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    expected = moment.replace(tzinfo=UTC).timestamp() - 60 * minutes
    for offset in (
        f"{hours:02}:{rest:02}",
        f"{hours:02}{rest:02}",
        *([f"{hours:02}"] * (not rest)),
    ):
        read = instant(f"{moment.isoformat(sep=' ')}{sign}{offset}")
        assert read is not None
        assert read.timestamp() == pytest.approx(expected, abs=1e-5)


def test_days() -> None:
    """A date, also as the midnight that pandas and Spark write."""
    text = pl.Series(
        ["2026-11-24", "2026-11-24 00:00:00.000", "2026-11-24T00:00", "2026-11-24 01:00"]
    )
    assert dates_of(text).to_list() == [date(2026, 11, 24)] * 3 + [None]
    assert says_no_zone(text).all()


def test_stored_times_without_a_zone() -> None:
    """They are those of the zone that is named; what it skips is named by column and row."""
    stored = pl.Series("t", [datetime(2026, 7, 1, 12), None])
    assert moments_of(stored, "Europe/Berlin").to_list() == [
        datetime(2026, 7, 1, 10, tzinfo=UTC),
        None,
    ]
    with pytest.raises(InvalidError, match="column 't', row 1: 2026-03-29 02:30:00 is no"):
        moments_of(pl.Series("t", [datetime(2026, 3, 29, 2, 30)]), "Europe/Berlin")
