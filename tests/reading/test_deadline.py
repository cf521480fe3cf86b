"""Moments before targets: their text, clocks that change, what has no target."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.reading.deadline import (
    DEADLINE,
    DEADLINE_FORM,
    Deadline,
    deadline_of,
    deadline_of_key,
    span_of,
    with_deadlines,
)
from tests.builders import code_of, contract, frame

ZURICH = 'timezone = "Europe/Zurich"\n'


def of(kind: str = "date", zone: str = ZURICH) -> Contract:
    """A contract whose key is a target of a type."""
    return parse_contract(
        f'name = "t"\n{zone}[key.t]\ntype = "{kind}"\ntarget = true\n[columns.v]\n'
    )


@pytest.mark.parametrize(
    ("text", "deadline"),
    [
        ("D-1T06:00", Deadline(days=1, clock=time(6))),
        ("DT00:00", Deadline(clock=time(0))),
        ("D-30T23:59", Deadline(days=30, clock=time(23, 59))),
        ("PT36H", Deadline(before=timedelta(hours=36))),
        ("P2D", Deadline(before=timedelta(days=2))),
        ("P1WT1M1S", Deadline(before=timedelta(days=7, seconds=61))),
        ("36h", Deadline(before=timedelta(hours=36))),
        ("1d12h", Deadline(before=timedelta(days=1, hours=12))),
    ],
)
def test_what_a_deadline_says(text: str, deadline: Deadline) -> None:
    """As ISO 8601 writes durations, and as contracts do; the form of the API allows it."""
    assert deadline_of(text) == deadline
    assert re.fullmatch(DEADLINE_FORM, text)


@pytest.mark.parametrize(
    "text", ["", "D", "D-1", "D+1T06:00", "D-1T24:00", "D-1T06:60", "P", "PT", "-PT1H", "1", "６h"]
)
def test_what_is_no_deadline_is_refused(text: str) -> None:
    """With both forms in the remedy; the API's form refuses it, too."""
    assert code_of(lambda: deadline_of(text)) == "bad_deadline"
    assert not re.fullmatch(DEADLINE_FORM, text)


def test_a_span_needs_a_number() -> None:
    """An empty duration is none."""
    with pytest.raises(ValueError, match="P"):
        span_of("P")


@pytest.mark.parametrize(
    ("day", "text", "moment"),
    [
        (date(2026, 11, 24), "D-1T06:00", "2026-11-23T05:00"),  # winter
        (date(2026, 7, 2), "D-1T06:00", "2026-07-01T04:00"),  # summer
        (date(2026, 3, 30), "D-1T02:30", "2026-03-29T01:30"),  # skipped: an hour later
        (date(2026, 10, 26), "D-1T02:30", "2026-10-25T00:30"),  # twice: the first
        (date(2026, 11, 24), "PT36H", "2026-11-22T12:00"),  # of a date its midnight in UTC
    ],
)
def test_times_of_day_are_those_of_the_zone(day: date, text: str, moment: str) -> None:
    """Also where its clocks change."""
    expected = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert deadline_of_key(of(), [day], text) == expected
    assert deadline_of_key(of(), [day.isoformat()], text) == expected


def test_a_timestamp_counts_by_its_day_in_the_zone() -> None:
    """Late in the evening in UTC it is the next day in Zurich."""
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    kind = of("timestamp")
    assert deadline_of_key(kind, [late], "D-1T06:00") == datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert deadline_of_key(kind, [late], "PT1H") == late - timedelta(hours=1)
    utc = of("timestamp", "")
    assert deadline_of_key(utc, [late], "D-1T06:00") == datetime(2026, 11, 22, 6, tzinfo=UTC)


def test_without_a_dated_target_there_is_no_deadline() -> None:
    """Neither before a step nor before a name."""
    assert code_of(lambda: deadline_of_key(of("integer"), [1], "PT1H")) == "no_horizon"
    plain = parse_contract('name = "t"\n[key.k]\ntype = "string"\n[columns.v]\n')
    assert code_of(lambda: deadline_of_key(plain, ["a"], "PT1H")) == "no_horizon"


def test_a_frame_gets_the_moment_of_each_row() -> None:
    """In its own order; one that has such a column is refused."""
    made = with_deadlines(frame(), contract(), "P1D")
    assert made.drop(DEADLINE).equals(frame())
    days = made.select(pl.col(DEADLINE).dt.date() - pl.col("target_date")).to_series()
    assert set(days) == {timedelta(days=-1)}
    taken = frame().with_columns(pl.lit(1).alias(DEADLINE))
    with pytest.raises(InvalidError) as refused:
        with_deadlines(taken, contract(), "P1D")
    assert refused.value.code == "columns"
