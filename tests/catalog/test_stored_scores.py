"""Scores and grades: stored once for each vintage, tracked once."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.catalog.records import Event, Version
from estimates.store.store import Store
from tests.builders import SET, define, publish


@pytest.fixture
def version(local_store: Store) -> Version:
    """A version of a set."""
    define(local_store)
    return publish(local_store, "first")


def scored(store: Store, version: Version, body: str, vintage: str | None = None) -> Event | None:
    """Store scores."""
    details: dict[str, Any] = {} if vintage is None else {"vintage": vintage}
    return store.catalog.scored(
        version,
        body.encode(),
        contract_revision=1,
        actuals="digest",
        vintage=vintage,
        details=details,
        actor="ann",
    )


def test_the_same_scores_again_are_not_stored(local_store: Store, version: Version) -> None:
    """The newest of their vintage count: back to earlier ones is a change."""
    first = scored(local_store, version, '{"mae":1}')
    assert first is not None
    assert scored(local_store, version, '{"mae":1}') is None
    assert scored(local_store, version, '{"mae":2}') is not None
    assert scored(local_store, version, '{"mae":1}') is not None


def test_each_vintage_has_its_own(local_store: Store, version: Version) -> None:
    """The same bytes of another vintage are stored beside them."""
    events = [scored(local_store, version, '{"mae":1}', vintage) for vintage in (None, "2026")]
    assert None not in events
    assert scored(local_store, version, '{"mae":1}', "2026") is None
    assert scored(local_store, version, '{"mae":1}') is None
    numbers = [event.id for event in events if event is not None]
    stored = local_store.catalog.scores(numbers[::-1])
    assert [(each.event, each.vintage) for each in stored] == [
        (numbers[0], None),
        (numbers[1], "2026"),
    ]
    assert bytes(stored[0].body) == b'{"mae":1}'


def test_scores_wait_until_mlflow_has_them(local_store: Store, version: Version) -> None:
    """Oldest first, of one set."""
    events = [scored(local_store, version, f'{{"mae":{n}}}') for n in range(3)]
    numbers = [event.id for event in events if event is not None]
    local_store.catalog.scores_tracked(numbers[1])
    waiting = local_store.catalog.untracked_scores(SET)
    assert [each.event for each in waiting] == [numbers[0], numbers[2]]
    assert local_store.catalog.untracked_scores("others") == []


def test_a_grade_is_logged_when_it_is_another_one(local_store: Store, version: Version) -> None:
    """Of the version's newest grade, not of any earlier."""
    grade = local_store.catalog.regraded
    assert grade(version, {"grade": "right"}, actor="ann") is not None
    assert grade(version, {"grade": "right"}, actor="ann") is None
    assert grade(version, {"grade": "wrong"}, actor="ann") is not None
    assert grade(version, {"grade": "right"}, actor="ann") is not None


def test_many_scores_are_read_in_parts(
    local_store: Store, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sorted by version, whatever part they came in."""
    monkeypatch.setattr("estimates.catalog.stored_scores._MANY", 2)
    events = [scored(local_store, version, f'{{"mae":{n}}}') for n in range(5)]
    numbers = [event.id for event in events if event is not None]
    assert [each.event for each in local_store.catalog.scores(numbers)] == numbers
