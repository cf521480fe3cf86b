"""The rules of promoting, each by itself: what a run may not do that a person may, and what has to
be so still when it commits.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import structs

from estimates.contract.contract_file import parse_contract
from estimates.store.promote import check_actuals, check_alias
from estimates.store.store import Store
from tests.builders import SET, code_of, define, publish, source


@pytest.fixture
def three(local_store: Store) -> Store:
    """Versions 1 to 3 of later and later data; 2 is in production."""
    define(local_store)
    for number in range(3):
        publish(local_store, f"run {number}", 100.0 + number / 10, day=number)
    local_store.promote(SET, 2, reason="good")
    return local_store


def automatically(store: Store, version: int, **options: str) -> str | None:
    """The code of the error with which a run's promotion ends."""
    return code_of(lambda: store.promote(SET, version, automatic=True, **options))


def test_a_run_does_not_go_back(three: Store) -> None:
    """To a lower version, or one of older data; a person does."""
    assert automatically(three, 1) == "lower_version"
    publish(three, "late", 100.3, day=0)
    assert automatically(three, 4) == "older_data"
    three.promote(SET, 1, reason="as it was")
    assert three.resolve(SET).version == 1


def test_a_run_does_not_bring_back_what_was_rolled_back(three: Store) -> None:
    """Nor the same content under another number and alias; a person does."""
    three.promote(SET, 3, reason="good")
    three.rollback(SET, reason="bad")
    publish(three, "again", 100.2, day=3)
    assert three.view().set(SET).versions[3].snapshot_id in (
        three.view().set(SET).rolled_back_snapshots
    )
    assert automatically(three, 4, alias="canary") == "rolled_back"
    three.promote(SET, 4, reason="it was right")
    assert three.resolve(SET).version == 4


@pytest.mark.parametrize("leave", ["rollback", "remove"])
def test_a_run_does_not_move_what_a_person_stopped(three: Store, leave: str) -> None:
    """An alias that is held since a rollback, or was removed, waits for a person."""
    three.promote(SET, 1, reason="first", alias="canary")
    three.promote(SET, 2, reason="next", alias="canary")
    if leave == "rollback":
        three.rollback(SET, reason="bad", alias="canary")
    else:
        three.remove_alias(SET, "canary")
    assert automatically(three, 3, alias="canary") == "held"
    three.promote(SET, 3, reason="good", alias="canary")
    assert three.resolve(SET, "canary").version == 3


def test_another_shape_is_a_persons_choice(three: Store) -> None:
    """A run never moves to another shape, and a person only by saying so."""
    define_other(three)
    assert code_of(lambda: three.promote(SET, 4, reason="new")) == "other_shape"
    assert automatically(three, 4) == "other_shape"
    assert code_of(lambda: three.promote(SET, 4, automatic=True, new_shape=True)) == "other_shape"
    three.promote(SET, 4, reason="new", new_shape=True)


def define_other(store: Store) -> None:
    """Version 4 is in another unit."""
    text = source().replace('unit = "USD"', 'unit = "EUR"')
    store.define(parse_contract(text), text)
    publish(store, "euros", 90.0, day=4)


@pytest.mark.parametrize("alias", ["latest", "1", "Canary", "", "a b", "-x", "a" * 101])
def test_a_name_that_reads_as_another_ref_is_no_alias(alias: str) -> None:
    """Numbers, `latest`, and what no URL spells."""
    assert code_of(lambda: check_alias(alias)) == "bad_alias"


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([(True, True)], "blocked"),
        ([(True, True), (False, False)], "blocked"),
        ([(True, True), (False, True)], None),
        ([(True, False)], None),
        ([], None),
    ],
)
def test_a_verdict_with_actual_values_stands(
    three: Store, verdicts: list[tuple[bool, bool]], code: str | None
) -> None:
    """One that blocks is ended by another one with actual values, not by one that knows less.

    verdicts  whether each blocks, and whether it is with actual values
    """
    of_set = three.view().set(SET)
    judged = next(event for event in of_set.events if event.kind == "judged")
    events = [
        structs.replace(judged, version=3, blocks=blocks, details={"actuals": "x"} if knows else {})
        for blocks, knows in verdicts
    ]
    of_set.events[:] = events
    assert code_of(lambda: check_actuals(of_set, of_set.versions[2])) == code


def expire(store: Store) -> None:
    """Version 3 gives up its files."""
    store.catalog.expire(store.view().set(SET).versions[2], actor="tester", reason="old")


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (lambda store: store.retire(SET, reason="replaced"), "retired"),
        (lambda store: store.rollback(SET, reason="bad"), "moved"),
        (lambda store: define(store, maximum=400.0), "contract_changed"),
        (expire, "expired"),
    ],
    ids=["retired", "production moved", "contract", "expired"],
)
@pytest.mark.parametrize("alias", ["production", "canary"])
def test_what_changed_since_it_was_looked_at_stops_it(
    three: Store, meanwhile: Callable[[Store], object], code: str, alias: str
) -> None:
    """In the transaction itself, also for another alias than the one that moved."""
    three.promote(SET, 1, reason="first")
    three.promote(SET, 2, reason="second")
    seen = three.view().set(SET)
    other = Store(three.root)
    meanwhile(other)
    promote = three.catalog.promote
    version = seen.versions[2]
    assert code_of(lambda: promote(version, alias=alias, seen=seen, actor="tester")) == code
    other.catalog.engine.dispose()


def test_an_alias_that_moved_is_not_removed(three: Store) -> None:
    """Whoever looked before it moved takes nothing away."""
    expected = three.view().set(SET).aliases["production"]
    three.promote(SET, 3, reason="newer")
    remove = three.catalog.remove_alias
    assert code_of(lambda: remove(expected, actor="tester", reason="old")) == "moved"
    assert three.refresh().resolve(SET).version == 3
