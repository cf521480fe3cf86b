"""The catalog's scores: stored once, one event each, on SQLite and on PostgreSQL; copies and the
view know them.
"""

from __future__ import annotations

import json
from pathlib import Path

from estimates.catalog.catalog import Catalog
from estimates.catalog.records import Event, Version
from estimates.store.store import Store
from tests.builders import SET, define, promoted
from tests.invariants import check_all


def scored(
    store: Store, version: Version, body: bytes = b'{"mae":1.5}', vintage: str | None = None
) -> Event | None:
    """Store scores as `scoring.score` does."""
    return store.catalog.scored(
        version,
        body,
        contract_revision=1,
        actuals="0" * 64,
        vintage=vintage,
        details={"keys": 6},
        actor="tester",
    )


def test_scores_are_stored_with_an_event(store: Store) -> None:
    """Scores are kept byte for byte with what they were made from, and announced by one event of
    the version.
    """
    define(store)
    version = promoted(store, "r1")
    event = scored(store, version, vintage="2024-06-30")
    assert event is not None
    assert (event.kind, event.version, event.details) == ("scored", 1, {"keys": 6})
    view = store.view().set(SET)
    assert view.events[-1] == event
    assert view.scored == {None: {1: event.id}}
    (kept,) = store.catalog.scores([event.id])
    assert bytes(kept.body) == b'{"mae":1.5}'
    assert (kept.set, kept.version, kept.vintage, kept.scored_at) == (
        SET,
        1,
        "2024-06-30",
        event.at,
    )
    check_all(store)


def test_the_same_scores_again_change_nothing(store: Store) -> None:
    """The newest scores again are no event; other ones are, and the older stay."""
    define(store)
    version = promoted(store, "r1")
    first = scored(store, version)
    assert first is not None
    last = store.catalog.last_event()
    assert scored(store, version) is None
    assert store.catalog.last_event() == last
    second = scored(store, version, b'{"mae":1.25}')
    assert second is not None
    assert store.view().set(SET).scored == {None: {1: second.id}}
    kept = store.catalog.scores([first.id, second.id])
    assert [bytes(record.body) for record in kept] == [b'{"mae":1.5}', b'{"mae":1.25}']
    assert scored(store, version) is not None  # back to what it was before is a change too


def test_scores_that_mlflow_lacks_are_known(store: Store) -> None:
    """Scores wait until they are marked, which is no event."""
    define(store)
    event = scored(store, promoted(store, "r1"))
    assert event is not None
    assert [record.event for record in store.catalog.untracked_scores(SET)] == [event.id]
    last = store.catalog.last_event()
    store.catalog.scores_tracked(event.id)
    assert store.catalog.untracked_scores(SET) == []
    assert store.catalog.last_event() == last


def test_the_view_is_brought_up_to_date_with_scores(store: Store) -> None:
    """A view that is brought up to date step by step equals one that is read whole."""
    define(store)
    version = promoted(store, "r1")
    before = store.view()
    scored(store, version)
    whole = Catalog(store.catalog.engine.url.render_as_string(hide_password=False))
    assert store.catalog.view(before).set(SET).scored == whole.view().set(SET).scored
    whole.engine.dispose()


def test_scores_are_copied_beside_the_snapshots(local_store: Store) -> None:
    """The file of the event holds the scores, so that a lost catalog can be rebuilt."""
    define(local_store)
    event = scored(local_store, promoted(local_store, "r1"))
    assert event is not None
    promoted(local_store, "r2", 100.5, day=1)  # the next write completes the copies
    path = Path(local_store.root) / f"log/{event.id:012d}.json"
    assert json.loads(path.read_text())["records"]["scores"]["body"] == {"mae": 1.5}
