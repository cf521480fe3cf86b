"""Moves of aliases in the catalog: who saw an older state loses, a rollback holds."""

from __future__ import annotations

import pytest

from estimates.catalog.records import Version
from estimates.errors import ConflictError, NotFoundError
from estimates.store.store import Store
from tests.builders import SET, code_of, define, publish


@pytest.fixture
def versions(store: Store) -> tuple[Version, Version]:
    """Two versions, the first of them in production."""
    define(store)
    first, second = publish(store, "one"), publish(store, "two", 101.0, day=1)
    seen = store.view().set(SET)
    store.catalog.promote(first, alias="production", seen=seen, actor="ada", reason="first")
    return first, second


def test_a_move_says_where_it_came_from(store: Store, versions: tuple[Version, Version]) -> None:
    """The event names both versions, the actor and the reason; the view follows."""
    seen = store.view().set(SET)
    event = store.catalog.promote(
        versions[1], alias="production", seen=seen, actor="ada", reason="better"
    )
    assert (event.kind, event.from_version, event.version) == ("promoted", 1, 2)
    assert (event.actor, event.reason, event.automatic) == ("ada", "better", False)
    alias = store.view().set(SET).aliases["production"]
    assert (alias.version, alias.held, alias.moved_at) == (2, False, event.at)


def test_who_saw_an_older_state_is_refused(store: Store, versions: tuple[Version, Version]) -> None:
    """An alias that came back to the version that was seen has moved all the same."""
    seen = store.view().set(SET)
    store.catalog.promote(versions[1], alias="production", seen=seen, actor="ada", reason="a")
    expected = store.view().set(SET).aliases["production"]
    store.catalog.roll_back(versions[0], expected=expected, actor="ada", reason="b")
    assert store.view().set(SET).aliases["production"].version == 1
    with pytest.raises(ConflictError) as caught:
        store.catalog.promote(versions[1], alias="production", seen=seen, actor="ada", reason="c")
    assert caught.value.code == "moved"


def test_a_second_alias_is_made_once(store: Store, versions: tuple[Version, Version]) -> None:
    """Of two who saw no alias one makes it; a move of production counts for it too."""
    seen = store.view().set(SET)
    store.catalog.promote(versions[0], alias="canary", seen=seen, actor="ada", reason="try")
    again = code_of(
        lambda: store.catalog.promote(
            versions[1], alias="canary", seen=seen, actor="bob", reason="try"
        )
    )
    assert again == "moved"
    store.catalog.promote(versions[1], alias="production", seen=seen, actor="ada", reason="x")
    late = code_of(
        lambda: store.catalog.promote(
            versions[1], alias="stable", seen=seen, actor="bob", reason="try"
        )
    )
    assert late == "moved"


def test_a_rollback_holds_against_automatic_moves(
    store: Store, versions: tuple[Version, Version]
) -> None:
    """A run may not promote after a rollback; a person may, and that ends it."""
    seen = store.view().set(SET)
    store.catalog.promote(versions[1], alias="production", seen=seen, actor="ada", reason="a")
    expected = store.view().set(SET).aliases["production"]
    store.catalog.roll_back(versions[0], expected=expected, actor="ada", reason="wrong")
    seen = store.view().set(SET)
    assert seen.aliases["production"].held
    refused = code_of(
        lambda: store.catalog.promote(
            versions[1], alias="production", seen=seen, actor="run", automatic=True
        )
    )
    assert refused == "held"
    store.catalog.promote(versions[1], alias="production", seen=seen, actor="ada", reason="right")
    assert not store.view().set(SET).aliases["production"].held


def test_a_refused_move_leaves_nothing(store: Store, versions: tuple[Version, Version]) -> None:
    """No event is written by what was refused."""
    old = store.view().set(SET)
    store.catalog.promote(versions[1], alias="production", seen=old, actor="ada", reason="a")
    before = store.catalog.last_event()
    assert (
        code_of(
            lambda: store.catalog.promote(
                versions[1], alias="production", seen=old, actor="ada", reason="b"
            )
        )
        == "moved"
    )
    assert store.catalog.last_event() == before


def test_an_expired_version_is_no_aim(store: Store, versions: tuple[Version, Version]) -> None:
    """What has no files any more cannot be pointed to."""
    store.catalog.expire(versions[1], actor="ada", reason="old")
    seen = store.view().set(SET)
    with pytest.raises(NotFoundError) as caught:
        store.catalog.promote(versions[1], alias="production", seen=seen, actor="ada", reason="x")
    assert caught.value.code == "expired"


def test_a_contract_defined_meanwhile_is_told(
    store: Store, versions: tuple[Version, Version]
) -> None:
    """A move that was decided under an older contract is refused."""
    seen = store.view().set(SET)
    define(store, maximum=400.0)
    refused = code_of(
        lambda: store.catalog.promote(
            versions[1], alias="production", seen=seen, actor="ada", reason="x"
        )
    )
    assert refused == "contract_changed"
