"""The moments of a back-fill."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from estimates import instants
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.run.batch import moments_between

CONTRACT = 'name = "s"\n[key.k]\ntype = "string"\n[columns.v]\n'
EXCHANGE = """
name = "closes"
[key.day]
type = "date"
target = true
[columns.v]
[domain]
kind = "rolling"
calendar = "XNYS"
steps = 2
"""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def moments(
    first: str, last: str | None, every: timedelta, contract: Contract | None = None
) -> list[str]:
    """The moments as text."""
    made = moments_between(contract or parse_contract(CONTRACT), first, last, every)
    return [instants.text(moment) for moment in made]


def end_of(day: str) -> str:
    """A day's last moment."""
    return f"{day}T23:59:59.999999Z"


def test_dates_are_the_ends_of_their_days() -> None:
    """Both ends are in it, where the steps meet the last one."""
    assert moments("2024-02-28", "2024-03-01", DAY) == [
        end_of(day) for day in ("2024-02-28", "2024-02-29", "2024-03-01")
    ]
    assert moments("2024-02-28", "2024-03-02", 2 * DAY) == [
        *(end_of("2024-02-28"), end_of("2024-03-01"))
    ]
    assert moments("2024-02-28", "2024-02-28", 7 * DAY) == [end_of("2024-02-28")]


def test_the_last_day_ends_where_the_data_do() -> None:
    """A step that falls on the day of the last moment, but later, is that moment."""
    last = "2024-03-01T06:00:00Z"
    assert moments("2024-02-29", last, DAY) == [end_of("2024-02-29"), last]
    assert moments("2024-02-28", last, 3 * DAY) == [end_of("2024-02-28")]


def test_times_go_on_by_the_clock() -> None:
    """Whatever their offset; beyond the last one there is none, on the same day either."""
    assert moments("2024-03-01T01:00:00+02:00", "2024-03-01T00:30:00Z", HOUR) == [
        *("2024-02-29T23:00:00Z", "2024-03-01T00:00:00Z")
    ]
    assert len(moments("2024-03-01T00:00:00Z", "2024-03-01T12:00:00Z", 5 * HOUR)) == 3
    assert len(moments("2024-03-01", "2024-03-02", 6 * HOUR)) == 5
    assert moments("2024-03-01", "2024-03-02T12:00:00Z", 10 * HOUR) == [
        *(end_of("2024-03-01"), "2024-03-02T09:59:59.999999Z")
    ]


def test_moments_of_an_exchange_are_its_closes_each_once() -> None:
    """A weekend has none of its own; a short Friday closes earlier."""
    contract = parse_contract(EXCHANGE)
    assert moments("2022-11-23", "2022-11-28", DAY, contract) == [
        *("2022-11-23T21:00:00Z", "2022-11-25T18:00:00Z", "2022-11-28T21:00:00Z")
    ]


def test_without_an_end_it_goes_as_far_as_the_data() -> None:
    """Without inputs that have a time up to now."""
    start = instants.now() - 2 * DAY
    made = moments_between(parse_contract(CONTRACT), instants.text(start), None, DAY)
    assert made == [start, start + DAY, start + 2 * DAY]


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2024-03-02", "2024-03-01", "no_moments"),
        ("2024-03-01", "2999-01-01", "future"),
        ("2024-03-01", "soon", "bad_time"),
        ("2024-02-30", "2024-03-01", "bad_time"),
        ("2024-03-01T00:00:00", "2024-03-02", "bad_time"),
    ],
)
def test_what_is_no_span_is_refused(first: str, last: str, code: str) -> None:
    """An end before its beginning or in the future, and what is no time."""
    with pytest.raises(InvalidError) as caught:
        moments(first, last, DAY)
    assert caught.value.code == code


def test_a_day_of_which_the_data_have_not_seen_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Today is as much of it as has passed."""
    clock = datetime.fromisoformat("2024-03-05T10:00:00Z")
    monkeypatch.setattr(instants, "now", lambda: clock)
    assert moments("2024-03-04", "2024-03-05", DAY) == [
        *(end_of("2024-03-04"), "2024-03-05T10:00:00Z")
    ]
    assert moments("2024-03-05", None, DAY) == ["2024-03-05T10:00:00Z"]
