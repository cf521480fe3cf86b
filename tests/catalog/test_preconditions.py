"""What a write finds changed at its commit: each condition by itself, on a real catalog."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import structs

from estimates import instants
from estimates.catalog import preconditions
from estimates.catalog.records import Alias, Version
from estimates.errors import EstimatesError
from estimates.store.store import Store
from tests.builders import SET, code_of, define, publish

SOON = timedelta(days=1)


@pytest.fixture
def catalog_of_two(local_store: Store) -> Store:
    """A set with one contract and two versions, none of them promoted."""
    define(local_store)
    publish(local_store, "first")
    publish(local_store, "second", 101.0, day=1)
    return local_store


def code(store: Store, check: Callable[..., object], *of: object) -> str | None:
    """The error that a condition ends with, in a transaction of its own."""
    with store.catalog.engine.begin() as tx:
        return code_of(lambda: check(tx, *of))


def number(store: Store, which: int) -> Version:
    """A version of the set, as the catalog has it now."""
    store.refresh()
    return store.view().set(SET).versions[which - 1]


def test_a_contract_is_the_newest_until_another_is_defined(catalog_of_two: Store) -> None:
    """Of its own set."""
    first = catalog_of_two.view().set(SET).contracts[0]
    define(catalog_of_two, "others")
    assert code(catalog_of_two, preconditions.check_newest, first) is None
    define(catalog_of_two, maximum=400.0)
    assert code(catalog_of_two, preconditions.check_newest, first) == "contract_changed"


def test_a_set_is_in_use_unless_it_was_retired_since(catalog_of_two: Store) -> None:
    """What was seen already is not asked for again."""
    store, before = catalog_of_two, catalog_of_two.view().last_event
    event = store.catalog.set_retired(SET, "retired", reason="moved", actor="ann")
    check = preconditions.check_in_use
    assert code(store, check, SET, before) == "retired"
    assert code(store, check, SET, event.id) is None
    assert code(store, check, "others", before) is None
    store.catalog.set_retired(SET, "unretired", reason="back", actor="ann")
    assert code(store, check, SET, before) is None


def test_the_newest_retirement_is_the_last_of_both_events(catalog_of_two: Store) -> None:
    """None where there is none after an event."""
    store = catalog_of_two
    away = store.catalog.set_retired(SET, "retired", reason="moved", actor="ann")
    back = store.catalog.set_retired(SET, "unretired", reason="back", actor="ann")
    with store.catalog.engine.begin() as tx:
        assert preconditions.newest_retirement(tx, SET) == back
        assert preconditions.newest_retirement(tx, SET, away.id) == back
        assert preconditions.newest_retirement(tx, SET, back.id) is None
        assert preconditions.newest_retirement(tx, "others") is None


def test_an_expired_version_is_refused_with_its_event(catalog_of_two: Store) -> None:
    """When and why, as its own event says; another version is not touched."""
    store = catalog_of_two
    store.catalog.expire(number(store, 1), actor="ann", reason="old")
    check = preconditions.check_unexpired
    assert code(store, check, number(store, 2)) is None
    with store.catalog.engine.begin() as tx, pytest.raises(EstimatesError) as refused:
        check(tx, number(store, 1))
    assert (refused.value.code, refused.value.details["reason"]) == ("expired", "old")


def test_a_hold_keeps_one_version_or_all(catalog_of_two: Store) -> None:
    """Until it is released; the whole set is kept by a hold of the whole set alone."""
    store = catalog_of_two
    first, second = number(store, 1), number(store, 2)
    event, _ = store.catalog.place_hold(SET, first, reason="court", actor="ann")
    check = preconditions.check_not_on_hold
    assert code(store, check, first) == "legal_hold"
    assert code(store, check, second) is None
    assert not whole(store, SET)
    store.catalog.release_hold(SET, event.id, reason="over", actor="ann")
    assert code(store, check, first) is None
    every, _ = store.catalog.place_hold(SET, None, reason="court", actor="ann")
    assert code(store, check, second) == "legal_hold"
    assert whole(store, SET)
    assert not whole(store, "others")
    store.catalog.release_hold(SET, every.id, reason="over", actor="ann")
    assert not whole(store, SET)


def whole(store: Store, name: str) -> bool:
    """Whether all of a set is held."""
    with store.catalog.engine.begin() as tx:
        return preconditions.is_held_whole(tx, name)


def test_an_alias_is_where_it_was_seen(catalog_of_two: Store) -> None:
    """At the same version by the same move; one that came, went or moved there and back is not."""
    store = catalog_of_two
    check = preconditions.check_unmoved
    assert code(store, check, SET, "production", None) is None
    store.judge(SET, 1)
    store.promote(SET, 1, reason="good")
    store.refresh()
    seen = store.view().set(SET).aliases["production"]
    assert code(store, check, SET, "production", seen) is None
    assert code(store, check, SET, "production", None) == "moved"
    assert code(store, check, SET, "canary", seen) == "moved"
    later = structs.replace(seen, moved_at=seen.moved_at + timedelta(microseconds=1))
    assert code(store, check, SET, "production", later) == "moved"
    other = Alias(SET, "production", 2, seen.moved_at)
    assert code(store, check, SET, "production", other) == "moved"


def test_a_verdict_rests_on_the_waivers_in_force(catalog_of_two: Store) -> None:
    """One that came, ended or was taken back since makes it another one."""
    store = catalog_of_two
    version, now = number(store, 1), instants.now()
    newest = store.view().set(SET).contracts[-1]
    check = preconditions.check_waivers
    assert code(store, check, version, [], now) is None
    _, waiver = store.catalog.waive(
        version, "jumps", None, reason="r", until=now + SOON, actor="ann", newest=newest
    )
    assert code(store, check, version, [waiver.id], now) is None
    assert code(store, check, version, [], now) == "waivers_changed"
    assert code(store, check, version, [waiver.id], now + 2 * SOON) == "waivers_changed"
    assert code(store, check, version, [], waiver.until) is None
    assert code(store, check, number(store, 2), [], now) is None
    store.catalog.unwaive(SET, waiver.id, reason="r", actor="ann")
    assert code(store, check, version, [], now) is None
