"""The same move of an alias again."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates import Store
from estimates.catalog.set_view import SetView
from estimates.store.repeats import moved_by, newest_move, repeated
from tests.builders import SET, define, make_store, promoted


@pytest.fixture
def view(tmp_path: Path) -> SetView:
    """A set whose production went to 1 and 2, by a person who says why."""
    store: Store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one", 100.0)
    promoted(store, "two", 101.0, day=1)
    return store.view().set(SET)


def test_the_newest_move_repeated_is_the_very_same(view: SetView) -> None:
    """By the same principal, for the same reason, to the same version or to none that is said."""
    last = newest_move(view, "production")
    assert last is not None
    same = {"actor": last.actor, "reason": last.reason}
    assert repeated(view, "promoted", "production", **same) == last
    assert repeated(view, "promoted", "production", **same, version=2) == last
    assert repeated(view, "promoted", "production", **same, version=1) is None
    assert repeated(view, "rolled_back", "production", **same) is None
    assert repeated(view, "promoted", "staging", **same) is None
    assert repeated(view, "promoted", "production", **same | {"actor": "bea"}) is None
    assert repeated(view, "promoted", "production", **same | {"reason": "other"}) is None


def test_a_move_is_told_in_words(view: SetView) -> None:
    """Which event, when, by whom, and why."""
    last = newest_move(view, "production")
    assert last is not None
    text = moved_by(last)
    assert text.startswith(f"event {last.id}, ")
    assert text.endswith(f", by {last.who}: {last.reason}")
    assert newest_move(view, "staging") is None
