"""Which events count once one of them was unlawful."""

from __future__ import annotations

from estimates.catalog.law import Law, Unlawful
from estimates.catalog.lawful_prefix import lawful_events
from tests.catalog.histories import event

EVENTS = [
    event(1, "defined"),
    event(2, "promoted", 1),
    event(3, "published", 2),
    event(4, "published", 1, set="other"),
    event(5, "token_created", set=""),
    event(6, "access_set", set=""),
]


def law(*numbers: int) -> Law:
    """The law after these events were unlawful."""
    unlawful = [e for e in EVENTS if e.id in numbers]
    return Law(
        unlawful=tuple(Unlawful(e.id, e.set, e.version, e.kind, "x", "why") for e in unlawful)
    )


def ids(before: Law, after: Law) -> list[int]:
    """Which of the events count."""
    return [e.id for e in lawful_events(EVENTS, before, after)]


def test_all_count_where_all_are_lawful() -> None:
    """Nothing is left out."""
    assert ids(Law(), Law()) == [1, 2, 3, 4, 5, 6]


def test_a_set_stops_at_its_unlawful_event() -> None:
    """Others go on, and so does what is about the store."""
    assert ids(Law(), law(2)) == [1, 4, 5, 6]


def test_an_unlawful_event_about_the_store_stops_no_set() -> None:
    """It alone counts for nothing."""
    assert ids(Law(), law(5)) == [1, 2, 3, 4, 6]


def test_a_set_that_was_stopped_before_stays_so() -> None:
    """Its later events are left out from the first one on."""
    assert ids(law(2), law(2, 4)) == [5, 6]
