"""Retired sets: they answer, take no new versions, and come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.catalog.past_view import past_view
from estimates.errors import ConflictError
from estimates.store.publish import judge_and_promote
from estimates.store.recover import find_log, rebuild
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, code_of, define, frame, make_store, provenance, publish


@pytest.fixture
def retired(store: Store) -> Store:
    """A set with a version in production, retired."""
    define(store)
    publish(store, "one")
    store.promote(SET, 1, reason="first")
    store.retire(SET, reason="replaced")
    return store


def test_a_retired_set_answers_and_takes_no_versions(retired: Store) -> None:
    """Readers get what they got; a new version is refused, with who retired the set and why."""
    assert retired.view().resolve(SET).version == 1
    with pytest.raises(ConflictError, match="replaced; it takes no new versions") as caught:
        retired.publish(SET, frame(101.0), provenance("two", 1))
    assert caught.value.code == "retired"
    assert len(retired.view().set(SET).versions) == 1


def test_a_set_is_retired_once_and_comes_back(retired: Store) -> None:
    """A second time is refused, as is a reason that says nothing; unretired it takes versions."""
    assert code_of(lambda: retired.retire(SET, reason="again")) == "already"
    assert code_of(lambda: retired.unretire(SET, reason=" ")) == "reason_needed"
    before = retired.view().moment
    retired.unretire(SET, reason="still needed")
    assert code_of(lambda: retired.unretire(SET, reason="again")) == "already"
    view = retired.view()
    assert view.set(SET).retirement is None
    assert past_view(view, before).set(SET).retirement is not None
    assert retired.publish(SET, frame(101.0), provenance("two", 1)).version == 2


def test_a_set_that_is_in_use_is_not_taken_into_use(local_store: Store) -> None:
    """Never retired, or back already: nothing is recorded."""
    define(local_store)
    assert code_of(lambda: local_store.unretire(SET, reason="why not")) == "already"
    local_store.retire(SET, reason="replaced")
    local_store.unretire(SET, reason="still needed")
    assert code_of(lambda: local_store.unretire(SET, reason="again")) == "already"
    assert [event.kind for event in local_store.view().set(SET).events] == [
        *("defined", "retired", "unretired")
    ]


def test_a_set_that_is_retired_meanwhile_takes_no_version(store: Store) -> None:
    """Between the look at a set and the commit of a version somebody may retire it."""
    define(store)
    version = publish(store, "one")
    view = store.view()
    store.retire(SET, reason="replaced")
    late = code_of(
        lambda: store.catalog.publish(
            view.set(SET).contracts[-1],
            version.snapshot_id,
            version.rows,
            provenance("two", 1),
            actor="ada",
            seen_event=view.last_event,
        )
    )
    assert late == "retired"


def test_nothing_is_promoted_in_a_retired_set(store: Store) -> None:
    """Neither to production nor to another alias, by a person or by a run, nor by carrying over; a
    rollback goes on, since readers still get what the set has.
    """
    define(store, more='[gate]\npromote = "automatic"\n')
    for day, level in enumerate((100.0, 101.0, 102.0)):
        publish(store, f"day {day}", level, day=day)
    store.promote(SET, 1, reason="first")
    store.promote(SET, 2, reason="second")
    store.retire(SET, reason="replaced")
    for act in (
        lambda: store.promote(SET, 3, reason="it passes"),
        lambda: store.promote(SET, 3, reason="to try", alias="canary"),
        lambda: store.promote(SET, 3, automatic=True),
        lambda: store.carry_over(SET, 3, by="ticker", groups=["AAPL"], reason="AAPL is late"),
    ):
        assert code_of(act) == "retired"
    left = judge_and_promote(store, store.resolve(SET, 3), lambda step, version: None)
    assert "it takes no new versions, and none is promoted" in (left.not_promoted_because or "")
    assert store.rollback(SET, reason="2 was wrong").version == 1
    store.unretire(SET, reason="still needed")
    assert store.promote(SET, 3, reason="it passes").version == 3


def test_a_set_that_is_retired_meanwhile_promotes_nothing(store: Store) -> None:
    """Between the look at a version and the move of the alias somebody may retire the set."""
    define(store)
    version = publish(store, "one")
    store.judge(SET, 1)
    seen = store.view().set(SET)
    store.retire(SET, reason="replaced")
    late = code_of(
        lambda: store.catalog.promote(version, alias="production", seen=seen, actor="ada")
    )
    assert late == "retired"
    assert "production" not in store.view().set(SET).aliases


def test_a_retirement_is_checked_and_recovered(retired: Store, tmp_path: Path) -> None:
    """It is an event of the chain, and a catalog that is rebuilt from the copies knows it."""
    assert verify(retired) == []
    rebuilt = make_store(tmp_path / "rebuilt")
    rebuild(find_log(retired.objects), rebuilt.catalog)
    assert rebuilt.view().set(SET).retirement == retired.view().set(SET).retirement
    assert rebuilt.catalog.audit() == []
    rebuilt.catalog.engine.dispose()
