"""When a round of a hub takes submissions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from estimates.contract.window import SubmissionWindow
from estimates.errors import InvalidError
from estimates_jobs.hub.round_window import window_of

NEW_YORK = ZoneInfo("America/New_York")


def window(due: dict[str, Any] | None, reference: str | None = None) -> SubmissionWindow | None:
    """The window of the round 2026-11-25."""
    of_round: Any = SimpleNamespace(name="2026-11-25", due=due)
    return window_of(of_round, NEW_YORK, reference)


def test_days_are_counted_from_the_rounds_reference() -> None:
    """Whole days of the hub's zone; the round's name stands in for a value that is not at hand."""
    due = {"relative_to": "reference_date", "start": -6, "end": -3}
    taken = window(due)
    assert taken is not None
    assert taken.opens == datetime(2026, 11, 19, tzinfo=NEW_YORK)
    assert taken.closes == datetime(2026, 11, 22, 23, 59, 59, 999999, tzinfo=NEW_YORK)
    assert taken.is_open(datetime(2026, 11, 23, 4, 59, tzinfo=UTC))
    assert not taken.is_open(datetime(2026, 11, 23, 5, tzinfo=UTC))
    later = window(due, "2026-12-02")
    assert later is not None
    assert later.opens - taken.opens == timedelta(days=7)


def test_days_may_stand_there_themselves() -> None:
    """Then the round's name says nothing."""
    taken = window({"start": "2026-11-01", "end": "2026-11-01"}, "x")
    assert taken is not None
    assert (taken.opens.day, taken.closes.day) == (1, 1)


@pytest.mark.parametrize("due", [None, {}, {"start": -6}, {"end": -3}])
def test_a_hub_without_both_ends_sets_no_window(due: dict[str, Any] | None) -> None:
    """Submissions are taken at any time."""
    assert window(due) is None


def test_what_is_no_date_is_said() -> None:
    """With what it was taken for."""
    with pytest.raises(InvalidError, match="reference_date: 'latest' is no date") as refused:
        window({"relative_to": "reference_date", "start": 0, "end": 1}, "latest")
    assert refused.value.code == "bad_time"
