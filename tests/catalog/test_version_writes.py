"""Contracts and versions at their commit: what is the same again, what came in between."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from estimates.catalog.records import Version
from estimates.errors import EstimatesError
from estimates.store.store import Store
from tests.builders import SET, START, code_of, contract, define, provenance, publish, source


def commit(store: Store, run_id: str, snapshot: str, **more: Any) -> Version:
    """Make a version exist, without any file of it."""
    newest = store.view().set(SET).contracts[-1]
    return store.catalog.publish(newest, snapshot, 6, provenance(run_id), actor="ann", **more)


def test_the_newest_contract_again_is_no_new_revision(local_store: Store) -> None:
    """An earlier one is; contracts of one shape share its number."""
    revisions = [define(local_store, maximum=m) for m in (500.0, 500.0, 400.0, 500.0)]
    assert [(each.revision, each.shape) for each in revisions] == [(1, 1), (1, 1), (2, 1), (3, 1)]
    other = define(local_store, more='[columns.more]\nunit = "USD"\n')
    assert (other.revision, other.shape) == (4, 2)
    assert define(local_store).shape == 1


def test_a_contract_that_came_in_between_is_said(local_store: Store) -> None:
    """Which one there is, and which one was seen."""
    define(local_store)
    newer = contract(maximum=400.0)
    with pytest.raises(EstimatesError) as refused:
        local_store.catalog.define(newer, source(maximum=400.0), "ann", seen=0)
    assert refused.value.code == "contract_changed"
    assert "contract revision 1 was defined meanwhile (this used 0)" in refused.value.message
    made = local_store.catalog.define(newer, source(maximum=400.0), "ann", seen=1)
    assert made.revision == 2


def test_a_run_gives_its_version_back(local_store: Store) -> None:
    """With the same content and the same claim; anything else needs a new run_id."""
    define(local_store)
    first = commit(local_store, "r", "a" * 64)
    assert commit(local_store, "r", "a" * 64) == first
    assert code_of(lambda: commit(local_store, "r", "b" * 64)) == "run_id_reused"
    released = code_of(lambda: commit(local_store, "r", "a" * 64, released_at=START))
    assert released == "run_id_reused"
    assert commit(local_store, "s", "a" * 64).version == 2


def test_files_that_went_meanwhile_are_written_again(local_store: Store) -> None:
    """A claim of the snapshot or of a part that came since; one that was seen is over."""
    define(local_store)
    commit(local_store, "r", "a" * 64)
    catalog = local_store.catalog
    assert catalog.claim(SET, ["p" * 64], 2)
    parts = ("p" * 64,)
    assert code_of(lambda: commit(local_store, "s", "b" * 64, parts=parts)) == "being_swept"
    unfinished = code_of(lambda: commit(local_store, "s", "b" * 64, parts=parts, claims_seen=1))
    assert unfinished == "being_swept"
    with catalog.deleting(SET, "p" * 64):
        pass
    assert commit(local_store, "s", "b" * 64, parts=parts, claims_seen=1).version == 2
    assert code_of(lambda: commit(local_store, "t", "c" * 64, erasures_seen=1)) == "being_swept"


def test_what_an_event_says_of_a_version(local_store: Store) -> None:
    """Its run; a claimed time of release and what it was made of, where there are any."""
    define(local_store)
    commit(local_store, "r", "a" * 64)
    commit(local_store, "s", "b" * 64, released_at=START, changes_of=1)
    local_store.refresh()
    events = local_store.view().set(SET).events[1:]
    assert [event.details for event in events] == [
        {"run_id": "r"},
        {"run_id": "s", "released_at": "2024-01-01T21:00:00Z", "changes_of": 1},
    ]


def test_a_version_has_one_mlflow_run(local_store: Store) -> None:
    """Said again it is no new event; another one is refused."""
    define(local_store)
    version = commit(local_store, "r", "a" * 64)
    catalog = local_store.catalog
    catalog.tracked(version, "abc", actor="ann")
    before = catalog.last_event()
    catalog.tracked(version, "abc", actor="ann")
    assert catalog.last_event() == before
    assert code_of(lambda: catalog.tracked(version, "abd", actor="ann")) == "already_tracked"


def test_what_an_alias_points_to_does_not_expire(local_store: Store) -> None:
    """Nor what one pointed to since it was decided; a version expires once."""
    define(local_store)
    first, second = publish(local_store, "r"), publish(local_store, "s", 101.0)
    store, catalog = local_store, local_store.catalog
    seen = catalog.last_event()
    for version in (first, second):
        store.judge(SET, version.version)
        store.promote(SET, version.version, reason="good")

    def expire(version: Version, seen: int | None) -> str | None:
        return code_of(lambda: catalog.expire(version, actor="ann", reason="old", seen=seen))

    assert expire(second, None) == "in_use"
    assert expire(first, seen) == "in_use"
    assert expire(first, catalog.last_event()) is None
    assert expire(first, None) == "expired"
    store.refresh()
    ended = store.view().set(SET).versions[0].expired_at
    assert ended == store.view().set(SET).events[-1].at
    assert structs.replace(store.view().set(SET).versions[0], expired_at=None) == first
