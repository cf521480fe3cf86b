"""Times of events after repairs of the clock, beside a slow reference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates import instants
from estimates.catalog.clock import (
    AGREEMENT,
    LONGEST_PAUSE,
    REPAIR,
    TICK,
    check_agreement,
    check_pause,
    corrections,
)
from estimates.catalog.records import Event
from tests.builders import code_of

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
# By how many hours the true time moves on, by how many the writer's clock is ahead, whether it is a
# repair.
logs = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0, 0, 0, -5, 9, 400]), st.booleans()),
    max_size=20,
)


def recorded(steps: list[tuple[int, int, bool]]) -> list[Event]:
    """The events as writers record them: later than the one before, but for repairs."""
    events: list[Event] = []
    true, last = START, START
    for number, (passed, ahead, repairs) in enumerate(steps, 1):
        true += passed * HOUR + timedelta(seconds=number)  # no two have one recorded time
        clock = true + ahead * HOUR
        last = clock if repairs else max(clock, last + TICK)
        kind = REPAIR if repairs else "tracked"
        events.append(Event(number, last, "" if repairs else "s", kind, "test"))
    return events


def counted(events: list[Event], number: int) -> datetime:
    """The time of an event as the specification has it, word for word."""
    later = [e for e in events if e.kind == REPAIR and e.id > number]
    own = next(e.at for e in events if e.id == number)
    return min([own, *(e.at - (e.id - number) * TICK for e in later)])


@given(logs)
def test_times_are_what_the_specification_says(steps: list[tuple[int, int, bool]]) -> None:
    """The least of the recorded time and each later repair's, less a microsecond an event; so times
    strictly increase.
    """
    events = recorded(steps)
    by_recorded = {e.at: counted(events, e.id) for e in events}
    corrected = corrections(events)
    assert {at: corrected.get(at, at) for at in by_recorded} == by_recorded
    assert all(at > to for at, to in corrected.items())
    times = [corrected.get(e.at, e.at) for e in events]
    assert all(earlier < later for earlier, later in pairwise(times))


@given(logs)
def test_a_repair_changes_no_time_before_it(steps: list[tuple[int, int, bool]]) -> None:
    """What was in force at a moment up to the repaired events is the same after the repair."""
    events = recorded([*steps, (1, 0, True)])
    before, after = corrections(events[:-1]), corrections(events)
    repair = events[-1]
    for event in events[:-1]:
        was, now = before.get(event.at, event.at), after.get(event.at, event.at)
        assert now == min(was, repair.at - (repair.id - event.id) * TICK)


def test_without_a_repair_nothing_is_changed() -> None:
    """Times are as recorded, however far ahead they are."""
    assert corrections(recorded([(1, 0, False), (1, 400, False), (1, 0, False)])) == {}


@pytest.mark.parametrize("sign", [-1, 1])
def test_clocks_may_be_five_minutes_apart(sign: int) -> None:
    """A second clock that is further away, in whichever direction, forbids to write."""
    near, far = (instants.now() + sign * (AGREEMENT + d * 5 * TICK * 10**6) for d in (-1, 1))
    assert code_of(lambda: check_agreement(near, "another")) is None
    assert code_of(lambda: check_agreement(far, "another")) == "clock_differs"


def test_a_log_may_rest_for_thirty_days() -> None:
    """After a longer pause one clock alone is not believed."""
    assert code_of(lambda: check_pause(instants.now() - LONGEST_PAUSE + HOUR)) is None
    assert code_of(lambda: check_pause(instants.now() - LONGEST_PAUSE - HOUR)) == "clock_jump"
