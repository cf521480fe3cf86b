"""The rules of promoting, each by itself: what a run may not do that a person may, and what has to
be so still when it commits.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from estimates.catalog.at import At
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, CorruptError, GateError
from estimates.store.promote import check_actuals, check_alias
from estimates.store.store import Store
from tests.builders import (
    SET,
    code_of,
    define,
    frame,
    parquet_of,
    promoted,
    provenance,
    publish,
    source,
)
from tests.invariants import check_all


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
        (lambda store: (store.retire(SET, reason="x"), store.unretire(SET, reason="y")), None),
        (lambda store: store.rollback(SET, reason="bad"), "moved"),
        (lambda store: define(store, maximum=400.0), "contract_changed"),
        (expire, "expired"),
    ],
    ids=["retired", "back in use", "production moved", "contract", "expired"],
)
@pytest.mark.parametrize("alias", ["production", "canary"])
def test_what_changed_since_it_was_looked_at_stops_it(
    three: Store, meanwhile: Callable[[Store], object], code: str | None, alias: str
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


def promote_automatically(store: Store, version: int) -> str | None:
    """The code of the refusal, or None."""
    return code_of(lambda: store.promote(SET, version, automatic=True))


def test_rolled_back_content_is_not_promoted_automatically(store: Store) -> None:
    """A rolled-back snapshot published again under a new number is left to a person."""
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1)
    store.rollback(SET, reason="bad")
    store.promote(SET, 1, reason="end the hold")
    publish(store, "again", 100.1)
    assert promote_automatically(store, 3) == "rolled_back"
    store.promote(SET, 3, reason="fixed in the meantime")
    assert store.resolve(SET).version == 3


@pytest.mark.parametrize(
    ("day", "level", "code"),
    [(0, 100.1, "older_data"), (1, 100.1, None), (2, 100.1, None), (2, 900.0, "blocked")],
)
def test_automatic_promotion_goes_forward(
    store: Store, day: int, level: float, code: str | None
) -> None:
    """Automatic promotion wants data at least as new and a verdict that does not block."""
    define(store)
    promoted(store, "first", 100.0, day=1)
    publish(store, "second", level, day=day)
    assert promote_automatically(store, 2) == code


def test_automatic_promotion_never_goes_down(store: Store) -> None:
    """A lower number is left to a person, who may."""
    define(store)
    publish(store, "first", 100.0)
    promoted(store, "second", 100.1)
    assert promote_automatically(store, 1) == "lower_version"
    assert promote_automatically(store, 2) == "already"
    store.promote(SET, 1, reason="the older one was right")
    assert store.resolve(SET).version == 1


def test_the_same_promotion_again_is_done_once(local_store: Store) -> None:
    """Somebody whose answer was lost asks again and gets it; for another reason, or by somebody
    else, it is refused, with who did it and when.
    """
    define(local_store)
    publish(local_store, "run")
    made = local_store.promote(SET, 1, reason="looked at it")
    assert local_store.promote(SET, 1, reason="looked at it") == made
    for user, reason in (("ada", "another"), ("bob", "looked at it")):
        local_store.user = user
        with pytest.raises(ConflictError, match=rf"event {made.id}, .* by .*: looked at it") as no:
            local_store.promote(SET, 1, reason=reason)
        assert no.value.code == "already"
    assert local_store.view().last_event == made.id


def test_a_person_gives_a_reason(store: Store) -> None:
    """Without a reason nothing is promoted by a person."""
    define(store)
    publish(store, "run")
    for reason in (None, "", "  "):
        assert code_of(lambda r=reason: store.promote(SET, 1, reason=r)) == "reason_needed"


def test_a_verdict_against_an_old_baseline_is_not_enough(store: Store) -> None:
    """When production moved since, the version is judged again, against what production points to
    now.
    """
    define(store, maximum=2000)
    publish(store, "far", 1000.0)
    assert not store.judge(SET, 1).blocks  # the first version: nothing to compare with
    promoted(store, "near", 100.0)
    assert code_of(lambda: store.promote(SET, 1, reason="it passed")) == "blocked"
    verdict = store.verdict(SET, 1)
    assert verdict is not None
    assert verdict.baseline is not None
    assert verdict.baseline.version == 2
    assert store.resolve(SET).version == 2


def test_a_verdict_under_an_old_policy_is_not_enough(store: Store) -> None:
    """When the contract's limits changed since, the version is judged by the new ones."""
    define(store)
    publish(store, "run", 100.0)
    assert not store.judge(SET, 1).blocks
    define(store, maximum=50.0)
    assert code_of(lambda: store.promote(SET, 1, reason="it passed")) == "blocked"
    define(store)
    store.promote(SET, 1, reason="the limit was wrong")
    assert [event.kind for event in store.view().set(SET).events].count("judged") == 3


def test_shapes_are_never_mixed(store: Store) -> None:
    """Another shape is not compared, not promoted automatically, and by a person only when she says
    so.
    """
    define(store)
    promoted(store, "narrow", 100.0)
    assert define(store, more='[columns.extra]\nunit = "USD"\n').shape == 2
    store.publish(SET, frame(100.0, extra=1.0), provenance("wide"))
    verdict = store.judge(SET, 2)
    assert not verdict.blocks
    assert verdict.check("p95_change").reason == "other_shape"
    assert promote_automatically(store, 2) == "other_shape"
    assert code_of(lambda: store.promote(SET, 2, reason="new column")) == "other_shape"
    assert code_of(lambda: store[SET].diff(1, 2)) == "other_shape"
    store.promote(SET, 2, reason="new column", new_shape=True)
    reader = store.reader()
    assert reader.resolve(SET, At(shape=1)).version == 1
    assert reader.resolve(SET, At(shape=2)).version == 2
    assert define(store).shape == 1
    check_all(store)


def test_a_damaged_version_is_not_promoted(local_store: Store) -> None:
    """A file altered after the verdict stops promotion; production stays."""
    define(local_store)
    promoted(local_store, "first")
    version = publish(local_store, "second", 100.1)
    local_store.judge(SET, 2)
    path = Path(local_store.root) / parquet_of(local_store, version)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptError):
        local_store.promote(SET, 2, reason="test")
    assert local_store.resolve(SET).version == 1


def test_a_verdict_that_blocked_with_actual_values_stands(store: Store) -> None:
    """A judgement that knows less does not let a version through; one with better outcomes does."""
    define(store)
    promoted(store, "one", 100.0)
    publish(store, "two", 102.0, day=1)
    observed = frame(100.5).drop("note")
    assert store.judge(SET, 2, actuals=observed).blocks
    assert not store.judge(SET, 2).blocks
    with pytest.raises(GateError, match="with actual values") as caught:
        store.promote(SET, 2, reason="please")
    assert caught.value.code == "blocked"
    assert store.resolve(SET).version == 1
    assert not store.judge(SET, 2, actuals=frame(101.9).drop("note")).blocks
    store.promote(SET, 2, reason="the values came in")
    check_all(store)
