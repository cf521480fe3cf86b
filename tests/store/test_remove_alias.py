"""Removing aliases: readers get no answer, the past keeps its own, a promotion brings them back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from estimates.catalog.at import At
from estimates.catalog.past_view import past_view
from estimates.errors import ConflictError, NotFoundError
from estimates.store.recover import find_log, rebuild
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, code_of, define, make_store, publish


@pytest.fixture
def removed(store: Store) -> Store:
    """Two versions; production and an alias pointed to the first and were removed."""
    define(store)
    publish(store, "one")
    publish(store, "two", 101.0, day=1)
    store.promote(SET, 1, reason="first")
    store.promote(SET, 1, alias="staging", reason="try")
    store.remove_alias(SET, "staging")
    store.remove_alias(SET, "production", reason="the feed is not ours")
    return store


def test_a_removed_alias_names_nothing(removed: Store) -> None:
    """Production names nothing, another alias is unknown, and both say who removed them and why."""
    with pytest.raises(NotFoundError, match=r"removed at .* the feed is not ours") as caught:
        removed.view().resolve(SET)
    assert caught.value.code == "nothing_promoted"
    assert code_of(lambda: removed.view().resolve(SET, At("staging"))) == "unknown_alias"
    assert removed.view().set(SET).aliases == {}
    assert removed.view().state(removed.view().set(SET).versions[0]) == "superseded"


def test_the_past_of_a_removed_alias_stays(removed: Store) -> None:
    """As of a moment before it was removed it means what it meant; its time in production ended."""
    view = removed.view()
    event = view.set(SET).events[-1]
    before = event.at - timedelta(microseconds=1)
    assert view.resolve(SET, At(as_of=before)).version == 1
    assert past_view(view, before).resolve(SET).version == 1
    assert code_of(lambda: view.resolve(SET, At(as_of=event.at))) == "nothing_promoted"
    assert view.set(SET).spans[1][-1][1] == event.at


def test_only_a_person_brings_an_alias_back(removed: Store) -> None:
    """No run promotes to a removed alias; a person does, and then it is as any other."""
    with pytest.raises(ConflictError, match="was removed") as caught:
        removed.promote(SET, 2, automatic=True)
    assert caught.value.code == "held"
    removed.promote(SET, 2, reason="the feed is ours again")
    view = removed.view()
    assert view.resolve(SET).version == 2
    assert view.set(SET).removal("production") is None
    gone = next(e.at for e in view.set(SET).events if e.kind == "alias_removed" and e.reason)
    former = [(v.version, moment) for v, moment in view.set(SET).former("production")]
    assert former == [(1, gone - timedelta(microseconds=1))]


def test_production_is_removed_for_a_reason(store: Store) -> None:
    """Without a reason production stays; what is not there cannot be removed."""
    define(store)
    publish(store, "one")
    store.promote(SET, 1, reason="first")
    assert code_of(lambda: store.remove_alias(SET, "production")) == "reason_needed"
    assert code_of(lambda: store.remove_alias(SET, "staging")) == "unknown_alias"
    assert code_of(lambda: store.remove_alias(SET, "latest")) == "bad_alias"


def test_who_saw_another_place_removes_nothing(store: Store) -> None:
    """An alias that moved since it was seen stays."""
    define(store)
    publish(store, "one")
    publish(store, "two", 101.0, day=1)
    store.promote(SET, 1, reason="first")
    seen = store.view().set(SET).aliases["production"]
    store.promote(SET, 2, reason="second")
    assert code_of(lambda: store.catalog.remove_alias(seen, actor="ada", reason="x")) == "moved"
    assert store.view().resolve(SET).version == 2


def test_a_removal_is_checked_and_recovered(removed: Store, tmp_path: Path) -> None:
    """A removal is in the chain and the copies; a catalog from these has no alias again."""
    assert verify(removed) == []
    rebuilt = make_store(tmp_path / "rebuilt")
    rebuild(find_log(removed.objects), rebuilt.catalog)
    assert rebuilt.catalog.audit() == []
    assert rebuilt.view().set(SET).aliases == {}
    rebuilt.catalog.engine.dispose()
    with removed.catalog.engine.connect() as tx, tx.begin() as begun:
        tx.execute(sa.text(f"INSERT INTO aliases VALUES ('{SET}', 'production', 1, 1, false)"))
        begun.commit()
    assert {fault.code for fault in removed.catalog.audit()} == {"alias_damaged"}
