"""Through which moment a run sees data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from estimates import instants
from estimates.catalog.run_record import Run
from estimates_jobs.run.run_moment import through_of
from tests.builders import SET, code_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def run(started: datetime, through: datetime) -> Run:
    """A run that was begun."""
    return Run("r", SET, "running", "compute", started, through)


def test_what_is_wished_for_comes_before_what_it_had_and_that_before_now() -> None:
    """A day counts until its end; text and moments say the same."""
    begun = run(NOW - timedelta(days=9), NOW - timedelta(days=10))
    wanted = datetime(2026, 11, 23, 23, 59, 59, 999999, tzinfo=UTC)
    assert through_of(None, None, NOW) == NOW
    assert through_of(begun, None, NOW) == NOW - timedelta(days=10)
    assert through_of(begun, "2026-11-23", NOW) == wanted
    assert through_of(None, wanted, NOW) == wanted


def test_a_day_that_was_not_over_is_gone_on_with_as_it_was() -> None:
    """By the run that began on it; one that began before or after it is of another day."""
    began = datetime(2026, 11, 23, 9, tzinfo=UTC)
    on_the_day = run(began, began)
    assert through_of(on_the_day, "2026-11-23", NOW) == began
    assert through_of(on_the_day, "2026-11-23T08:00:00Z", NOW) == began - timedelta(hours=1)
    after = run(began + timedelta(days=1), began)
    assert through_of(after, "2026-11-23", NOW) > began
    of_other_data = run(began, began - timedelta(days=3))
    assert through_of(of_other_data, "2026-11-23", NOW) > began


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("soon", "bad_time"),
        ("2026-11-25T00:00:00Z", "future"),
        (NOW + timedelta(seconds=1), "future"),
    ],
)
def test_what_no_run_can_have_seen_is_refused(wanted: datetime | str, code: str) -> None:
    """The present moment itself is past."""
    assert code_of(lambda: through_of(None, wanted, NOW)) == code
    assert code_of(lambda: through_of(None, NOW, NOW)) is None


def test_today_stands_for_what_has_passed_of_it() -> None:
    """By the clock as it is when that is read: it does not lie in the future."""
    today = instants.now().date().isoformat()
    assert instants.now() - through_of(None, today) < timedelta(minutes=1)
