"""Which versions stand one after the other in production."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from estimates.catalog.records import Event
from estimates.compare.frozen_versions import last_in_production

START = datetime(2026, 1, 1, tzinfo=UTC)
MOVE = st.tuples(st.sampled_from(["promoted", "rolled_back"]), st.integers(1, 5))


class Shaped(NamedTuple):
    """A version's number and shape."""

    version: int
    shape: int


def events(moves: list[tuple[str, int]]) -> list[Event]:
    """Moves of production from each version to the next, other events in between."""
    made: list[Event] = []
    before: int | None = None
    for number, (kind, version) in enumerate(moves):
        at = START + timedelta(hours=number)
        made.append(Event(2 * number + 1, at, "s", "published", "ann", version=version))
        fields = {"alias": "production", "version": version, "from_version": before}
        made.append(Event(2 * number + 2, at, "s", kind, "ann", **fields))
        before = version
    return made


def slow(moves: list[tuple[str, int]], shapes: list[int], shape: int, count: int) -> list[int]:
    """The same by a list that is looked through."""
    row: list[int] = []
    before = None
    for kind, version in moves:
        gone = {version, before} if kind == "rolled_back" else {version}
        row = [number for number in row if number not in gone] + [version]
        before = version
    last: list[int] = []
    for number in reversed(row):
        if shapes[number - 1] != shape or len(last) == count:
            break
        last.insert(0, number)
    return last


@given(
    st.lists(MOVE, max_size=12),
    st.lists(st.integers(1, 2), min_size=5, max_size=5),
    st.integers(1, 4),
)
def test_the_last_ones_of_a_shape_stand_in_order(
    moves: list[tuple[str, int]], shapes: list[int], count: int
) -> None:
    """Where production last pointed to each; without what it was rolled back from, and up to
    another shape.
    """
    versions = [Shaped(number, shape) for number, shape in enumerate(shapes, start=1)]
    for shape in (1, 2):
        last = last_in_production(events(moves), versions, shape, count)
        assert [version.version for version in last] == slow(moves, shapes, shape, count)


def test_other_aliases_do_not_count() -> None:
    """A version that only staging pointed to never was in production."""
    staged = Event(1, START, "s", "promoted", "ann", alias="staging", version=1)
    assert last_in_production([staged], [Shaped(1, 1)], 1, 5) == []
