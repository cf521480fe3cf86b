"""Which version a rollback returns to."""

from __future__ import annotations

import pytest

from estimates.store.rollback import rollback_target
from estimates.store.store import Store
from tests.builders import SET, code_of, define, promoted, publish


@pytest.fixture
def store(local_store: Store) -> Store:
    """Versions 1 to 3 were in production one after the other; 4 never was."""
    define(local_store)
    for number, level in enumerate((100.0, 101.0, 102.0)):
        promoted(local_store, f"run {number}", level, day=number)
    publish(local_store, "never", 103.0, day=3)
    return local_store


def target(store: Store, to: int | None = None) -> int:
    """The number of the version that production would return to."""
    view = store.view()
    return rollback_target(view.set(SET), view.set(SET).versions[2], "production", to).version


def test_the_newest_before_is_the_target(store: Store) -> None:
    """Without a number, the version before; with one, that version."""
    assert target(store) == 2
    assert target(store, 1) == 1


def test_what_was_never_in_production_is_refused(store: Store) -> None:
    """A rollback goes back, not elsewhere."""
    assert code_of(lambda: target(store, 4)) == "never_held"


def test_expired_versions_are_passed_over(store: Store) -> None:
    """Version 2 has no files any more; naming it is an error."""
    store.catalog.expire(store.resolve(SET, 2), actor="ada", reason="old")
    assert target(store) == 1
    assert code_of(lambda: target(store, 2)) == "expired"


def test_what_was_rolled_back_is_passed_over(store: Store) -> None:
    """After a rollback from 3, production at 2 goes back to 1, and never to 3."""
    store.rollback(SET, reason="wrong")
    assert store.resolve(SET).version == 2
    assert code_of(lambda: store.rollback(SET, reason="wrong too", to=3)) == "rolled_back"
    store.rollback(SET, reason="wrong too")
    assert store.resolve(SET).version == 1
    assert code_of(lambda: store.rollback(SET, reason="and again")) == "nothing_before"


def test_a_reason_is_needed(store: Store) -> None:
    """Nothing moves without one."""
    assert code_of(lambda: store.rollback(SET, reason=" ")) == "reason_needed"
    assert store.resolve(SET).version == 3
