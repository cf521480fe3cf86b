"""Which version a rollback returns to, and what it takes."""

from __future__ import annotations

import pytest

from estimates.store.rollback import rollback_target
from estimates.store.store import Store
from tests.builders import (
    SET,
    code_of,
    define,
    promoted,
    publish,
)
from tests.invariants import check_all


@pytest.fixture
def thrice(local_store: Store) -> Store:
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


def test_the_newest_before_is_the_target(thrice: Store) -> None:
    """Without a number, the version before; with one, that version."""
    assert target(thrice) == 2
    assert target(thrice, 1) == 1


def test_what_was_never_in_production_is_refused(thrice: Store) -> None:
    """A rollback goes back, not elsewhere."""
    assert code_of(lambda: target(thrice, 4)) == "never_held"


def test_expired_versions_are_passed_over(thrice: Store) -> None:
    """Version 2 has no files any more; naming it is an error."""
    thrice.catalog.expire(thrice.resolve(SET, 2), actor="ada", reason="old")
    assert target(thrice) == 1
    assert code_of(lambda: target(thrice, 2)) == "expired"


def test_what_was_rolled_back_is_passed_over(thrice: Store) -> None:
    """After a rollback from 3, production at 2 goes back to 1, and never to 3."""
    thrice.rollback(SET, reason="wrong")
    assert thrice.resolve(SET).version == 2
    assert code_of(lambda: thrice.rollback(SET, reason="wrong too", to=3)) == "rolled_back"
    thrice.rollback(SET, reason="wrong too")
    assert thrice.resolve(SET).version == 1
    assert code_of(lambda: thrice.rollback(SET, reason="and again")) == "nothing_before"


def test_the_same_rollback_again_is_done_once(thrice: Store) -> None:
    """Whoever repeats a rollback because its answer was lost does not go back twice; another
    reason, or a number, does.
    """
    made = thrice.rollback(SET, reason="wrong")
    assert thrice.rollback(SET, reason="wrong") == made
    assert thrice.rollback(SET, reason="wrong", to=2) == made
    assert thrice.resolve(SET).version == 2
    assert thrice.rollback(SET, reason="wrong", to=1).version == 1
    assert code_of(lambda: thrice.rollback(SET, reason="and again")) == "nothing_before"


def test_a_reason_is_needed(thrice: Store) -> None:
    """Nothing moves without one."""
    assert code_of(lambda: thrice.rollback(SET, reason=" ")) == "reason_needed"
    assert thrice.resolve(SET).version == 3


def test_rollback_after_two_bad_versions_lands_on_a_good_one(store: Store) -> None:
    """Rolling back twice never lands on a version that was itself rolled back."""
    define(store)
    for i in range(4):
        promoted(store, f"run {i}", 100 + i / 10)
    assert store.rollback(SET, reason="bad").version == 3
    assert store.rollback(SET, reason="bad too").version == 2
    store.promote(SET, 4, reason="it was good after all")
    assert store.rollback(SET, reason="no, it was not").version == 2
    check_all(store)


def test_rollback_skips_the_same_content_under_another_number(store: Store) -> None:
    """A version with the very content that is rolled back is no way back."""
    define(store)
    promoted(store, "good", 100.0)
    promoted(store, "bad", 100.1)
    promoted(store, "bad again", 100.1)
    assert store.rollback(SET, reason="bad").version == 1


def test_rollback_to_a_named_version(store: Store) -> None:
    """`to` names a version that the alias held and that was not rolled back; anything else is
    refused.
    """
    define(store)
    for i in range(3):
        promoted(store, f"run {i}", 100 + i / 10)
    publish(store, "never promoted", 100.3)
    assert code_of(lambda: store.rollback(SET, reason="bad", to=4)) == "never_held"
    assert code_of(lambda: store.rollback(SET, reason="bad", to=99)) == "never_held"
    assert store.rollback(SET, reason="bad", to=1).version == 1
    assert code_of(lambda: store.rollback(SET, reason="bad", to=3)) == "rolled_back"
    assert code_of(lambda: store.rollback(SET, reason=" ")) == "reason_needed"


def test_rollback_needs_no_verdict(store: Store) -> None:
    """Rolling back works when the old version would not pass today's gate."""
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1)
    define(store, maximum=50.0)
    assert store.rollback(SET, reason="bad").version == 1
