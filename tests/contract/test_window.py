"""A window of submission: what lies in it, how far beside it, and what is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from estimates.contract.window import SubmissionWindow

ZURICH = ZoneInfo("Europe/Zurich")
OPENS = datetime(2026, 11, 23, 8, tzinfo=ZURICH)
CLOSES = datetime(2026, 11, 24, 20, tzinfo=ZURICH)
WINDOW = SubmissionWindow(OPENS, CLOSES, ZURICH)
SECOND = timedelta(seconds=1)


def test_both_ends_are_part_of_it() -> None:
    """In any zone."""
    inside = [OPENS, CLOSES, OPENS.astimezone(UTC), OPENS + SECOND]
    assert all(WINDOW.is_open(moment) for moment in inside)
    assert not WINDOW.is_open(OPENS - SECOND)
    assert not WINDOW.is_open(CLOSES.astimezone(UTC) + SECOND)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [(OPENS - 5 * SECOND, 5), (OPENS, 0), (OPENS + SECOND, 0), (CLOSES, 0), (CLOSES + SECOND, 1)],
)
def test_how_far_beside_it_a_moment_lies(moment: datetime, seconds: int) -> None:
    """Early or late, in seconds; 0 inside."""
    assert WINDOW.outside(moment) == seconds * SECOND


def test_what_is_said_is_told_by_the_clocks_of_the_zone() -> None:
    """Before it when it opens, after it when it closed; nothing inside."""
    assert WINDOW.fault(OPENS) is None
    early = WINDOW.fault((OPENS - SECOND).astimezone(UTC))
    assert early == "opens on 2026-11-23 08:00 Europe/Zurich, and it is 2026-11-23 07:59"
    late = WINDOW.fault((CLOSES + SECOND).astimezone(UTC))
    assert late == "closed on 2026-11-24 20:00:00 Europe/Zurich, and it is 2026-11-24 20:00"
