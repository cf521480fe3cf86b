"""Calendars: next steps, closes, and what was known when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import instants
from estimates.errors import InvalidError
from estimates_jobs.run.calendars import calendar_of


def at(text: str) -> datetime:
    """An instant."""
    return instants.parse(text)


def test_exchange_steps_over_weekend_and_holiday() -> None:
    """Sessions after a Friday close skip the weekend and Christmas observed."""
    steps = calendar_of("XNYS").next_steps(at("2022-12-22T21:00:00Z"), 4)
    assert steps == [date(2022, 12, 23), date(2022, 12, 27), date(2022, 12, 28), date(2022, 12, 29)]


def test_exchange_steps_cross_the_year() -> None:
    """Steps run on into the next year, whose first session is after New Year's holiday."""
    assert calendar_of("XNYS").next_steps(at("2022-12-30T21:00:00Z"), 2) == [
        date(2023, 1, 3),
        date(2023, 1, 4),
    ]


@pytest.mark.parametrize("year", [1995, 2013, 2031])
def test_exchange_knows_past_and_future(year: int) -> None:
    """Dates far outside the library's default range work."""
    steps = calendar_of("XNYS").next_steps(datetime(year, 7, 5, tzinfo=UTC), 10)
    assert len(steps) == 10
    assert all(str(step) > f"{year}-07-05" for step in steps)


@pytest.mark.parametrize(
    ("moment", "origin"),
    [
        ("2022-12-14T23:59:59.999999Z", "2022-12-14T21:00:00Z"),  # a session's day
        ("2022-12-17T23:59:59.999999Z", "2022-12-16T21:00:00Z"),  # a Saturday
        # the short Friday after Thanksgiving
        ("2022-11-25T23:59:59.999999Z", "2022-11-25T18:00:00Z"),
        ("2022-07-05T23:59:59.999999Z", "2022-07-05T20:00:00Z"),  # summer time
        ("2022-12-14T15:00:00Z", "2022-12-13T21:00:00Z"),  # in the middle of a session
        ("2022-12-14T21:00:00Z", "2022-12-14T21:00:00Z"),  # a close stays itself
        ("2023-01-02T12:00:00Z", "2022-12-30T21:00:00Z"),  # over New Year
    ],
)
def test_exchange_origin_is_the_last_close(moment: str, origin: str) -> None:
    """The origin on an exchange is the last close at or before what was asked for."""
    assert calendar_of("XNYS").origin(at(moment)) == at(origin)


def test_exchange_date_is_known_at_its_close() -> None:
    """A session's date is known from its close on, not a microsecond earlier; a Saturday when it is
    over.
    """
    xnys = calendar_of("XNYS")
    assert xnys.known_through(at("2022-12-14T21:00:00Z")) == date(2022, 12, 14)
    assert xnys.known_through(at("2022-12-14T20:59:59.999999Z")) == date(2022, 12, 13)
    assert xnys.known_through(at("2022-12-17T12:00:00Z")) == date(2022, 12, 16)
    assert xnys.known_through(at("2022-12-17T23:59:59.999999Z")) == date(2022, 12, 17)


@pytest.mark.parametrize("code", ["XNYS", "XTKS", "XLON", "24/7", "XASX"])
def test_exchange_target_follows_the_origin(code: str) -> None:
    """From one session's close the next target is the next session, everywhere."""
    exchange = calendar_of(code)
    sessions = exchange.steps(date(2022, 5, 2), date(2022, 6, 1))
    for session, following in pairwise(sessions):
        origin = exchange.origin(instants.end_of_day(session))
        assert exchange.next_steps(origin, 1) == [following]
        assert exchange.known_through(origin) == session


def test_bounded_exchange_says_where_it_ends() -> None:
    """A calendar that ends in a known year answers up to there and refuses to guess beyond."""
    assert calendar_of("XSHG").next_steps(at("2025-12-29T08:00:00Z"), 2)
    with pytest.raises(InvalidError, match="XSHG: does not know 10 sessions after 2060") as caught:
        calendar_of("XSHG").next_steps(at("2060-01-01T00:00:00Z"), 10)
    assert caught.value.code == "calendar_range"


def test_before_a_calendar_begins() -> None:
    """An origin before the first session known is an error."""
    with pytest.raises(InvalidError, match="XSHG"):
        calendar_of("XSHG").origin(at("1980-01-01T00:00:00Z"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("daily", [date(2026, 11, 22), date(2026, 11, 23)]),
        ("weekdays", [date(2026, 11, 23), date(2026, 11, 24)]),
        ("weekly", [date(2026, 11, 23), date(2026, 11, 30)]),
        ("monthly", [date(2026, 12, 1), date(2027, 1, 1)]),
        (
            "hourly",
            [datetime(2026, 11, 21, 13, tzinfo=UTC), datetime(2026, 11, 21, 14, tzinfo=UTC)],
        ),
    ],
)
def test_plain_calendars(name: str, expected: list[date]) -> None:
    """The plain calendars step as their names say, in UTC."""
    assert calendar_of(name).next_steps(at("2026-11-21T12:30:00Z"), 2) == expected


def test_a_step_at_the_instant_itself_is_not_after_it() -> None:
    """Steps are strictly after the instant, at midnight and at the full hour too."""
    midnight = at("2026-11-21T00:00:00Z")
    assert calendar_of("daily").next_steps(midnight, 1) == [date(2026, 11, 22)]
    assert calendar_of("hourly").next_steps(midnight, 1) == [midnight + timedelta(hours=1)]


@given(
    name=st.sampled_from(["hourly", "daily", "weekdays", "weekly", "monthly", "XNYS"]),
    after=st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    n=st.integers(1, 15),
)
def test_steps_are_what_next_steps_walks(name: str, after: datetime, n: int) -> None:
    """`steps` over the span of `next_steps` gives the same steps, sorted, each after the
    instant.
    """
    walk = calendar_of(name)
    walked = walk.next_steps(after, n)
    assert walked == sorted(walked)
    assert len(walked) == n
    assert walk.steps(walked[0], walked[-1]) == walked
    assert walk.next_steps(after, n + 1)[:n] == walked


def test_unknown_calendar_lists_the_names() -> None:
    """An unknown calendar names what is allowed."""
    with pytest.raises(
        InvalidError, match=r"'NYSE1' is not known.*; allowed: hourly, daily, .*XNYS"
    ):
        calendar_of("NYSE1")
