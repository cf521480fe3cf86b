"""How fresh a set is: stale, overdue, or nothing promised."""

from __future__ import annotations

from datetime import timedelta

from estimates.catalog.freshness import freshness, stale_from
from tests.catalog.histories import event, hour, promoted, set_of, version

PROMISES = '[freshness]\ncadence = "24h"\nmax_age = "36h"\n'


def test_without_a_promise_nothing_is_late() -> None:
    """Ages are told, and neither stale nor overdue is said."""
    view = set_of(event(1, "published", 1), promoted(2, 1), versions=[version(1)])
    fresh = freshness(view, hour(10_000))
    assert (fresh.data_through, fresh.published_at) == (hour(1), hour(1))
    assert (fresh.stale_from, fresh.stale, fresh.next_expected, fresh.overdue) == (None,) * 4


def test_production_is_stale_once_its_data_are_older_than_promised() -> None:
    """At the very moment it is not yet."""
    view = set_of(promoted(2, 1), versions=[version(1)], more=PROMISES)
    assert stale_from(view, version(1)) == hour(37)
    assert freshness(view, hour(37)).stale is False
    assert freshness(view, hour(37) + timedelta(microseconds=1)).stale is True


def test_the_next_version_is_expected_after_the_newest_one() -> None:
    """Published, not promoted: what waits for a person is there."""
    view = set_of(promoted(2, 1), versions=[version(1), version(9)], more=PROMISES)
    fresh = freshness(view, hour(33))
    assert (fresh.data_through, fresh.next_expected, fresh.overdue) == (hour(1), hour(33), False)
    assert freshness(view, hour(34)).overdue is True


def test_a_set_without_versions_is_not_late() -> None:
    """Nothing is expected of one that has not begun."""
    fresh = freshness(set_of(more=PROMISES), hour(99))
    assert (fresh.cadence, fresh.max_age) == ("24h", "36h")
    assert (fresh.stale, fresh.next_expected, fresh.overdue, fresh.data_through) == (None,) * 4


def test_a_deadline_that_passed_is_missed() -> None:
    """And then the set is overdue, whatever its cadence says."""
    due = '[freshness]\ndue = "05:00 UTC"\n'
    view = set_of(promoted(2, 1), versions=[version(1)], more=due)
    before = freshness(view, hour(4))
    assert (before.overdue, before.missed) == (False, None)
    late = freshness(view, hour(30))
    assert (late.overdue, late.missed) == (True, hour(29))
