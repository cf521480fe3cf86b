"""What a backtest says in a sentence, and which checks have something to show."""

from __future__ import annotations

import msgspec
import pytest

from estimates.calibration.backtest_report import (
    Backtest,
    Counts,
    Metric,
    Point,
    counts_of,
    headline,
)
from estimates.gate.verdict import Status

NONE = Counts(3, 1, 0, 0, 0, 0, 4, 2)


def report(counts: Counts) -> Backtest:
    """A backtest of which only the counts are known."""
    return Backtest("wave", "0" * 64, 1, counts, [], [], [], [], [], [], [])


def metric(*values: float | None, status: Status = "pass") -> Metric:
    """A check that had these values."""
    points = [Point(at, status, value, None, None, None) for at, value in enumerate(values, 1)]
    return Metric(7, "rows", "rows", 2, "count", "above", points)


def test_the_headline_names_what_there_was() -> None:
    """Versions that were rolled back are counted as caught, refused ones as let through."""
    start = "This policy would have blocked 1 of 3 promoted versions"
    assert headline(report(NONE)) == start
    some = msgspec.structs.replace(
        NONE, rolled_back=5, rolled_back_blocked=4, refused=9, refused_blocked=7
    )
    rest = "caught 4 of 5 that were rolled back, let through 2 of 9 that were refused"
    assert headline(report(some)) == f"{start}, {rest}"


def test_counts_are_those_of_a_fate() -> None:
    """How many there were, and how many the policy blocks."""
    assert counts_of(NONE, "candidate") == (4, 2)
    assert counts_of(NONE, "rolled_back") == (0, 0)


def test_a_check_tells_something_where_it_differs_or_does_not_pass() -> None:
    """One value throughout, or none, is no picture; an error is one."""
    assert not metric().telling
    assert not metric(0.5, None, 0.5).telling
    assert not metric(None, status="skipped").telling
    assert metric(0.5, 0.25).telling
    assert metric(None, status="error").telling
    assert metric(0.5, 0.5, status="warn").times("warn", "fail") == 2


def test_an_unknown_check_is_a_key_error() -> None:
    """As of a dictionary."""
    with pytest.raises(KeyError, match="rows"):
        report(NONE).metric("rows")
