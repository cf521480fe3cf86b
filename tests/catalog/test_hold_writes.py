"""Legal holds, placed and released in the catalog."""

from __future__ import annotations

from estimates.catalog.records import LegalHold
from estimates.store.store import Store
from tests.builders import SET, code_of, define, publish


def test_a_hold_is_a_record_of_its_event(local_store: Store) -> None:
    """It stands until it is released, once, by the set that it is of."""
    define(local_store)
    catalog, version = local_store.catalog, publish(local_store, "first")
    event, hold = catalog.place_hold(SET, version, reason="court", actor="ann")
    assert hold == LegalHold(event.id, SET, 1, "court", "ann", event.at)
    local_store.refresh()
    assert local_store.view().set(SET).holds == [hold]
    refused = code_of(lambda: catalog.release_hold("others", hold.id, reason="r", actor="ann"))
    assert refused == "unknown_hold"
    released = catalog.release_hold(SET, hold.id, reason="over", actor="bea")
    assert (released.version, released.details, released.actor) == (1, {"hold": hold.id}, "bea")
    again = code_of(lambda: catalog.release_hold(SET, hold.id, reason="r", actor="ann"))
    assert again == "unknown_hold"
    local_store.refresh()
    assert local_store.view().set(SET).holds == []


def test_what_has_no_files_cannot_be_held(local_store: Store) -> None:
    """A whole set can, whatever expired of it."""
    define(local_store)
    catalog, version = local_store.catalog, publish(local_store, "first")
    catalog.expire(version, actor="ann", reason="old")
    refused = code_of(lambda: catalog.place_hold(SET, version, reason="court", actor="ann"))
    assert refused == "expired"
    event, _ = catalog.place_hold(SET, None, reason="court", actor="ann")
    assert event.version is None


def test_text_that_no_database_holds_is_refused(local_store: Store) -> None:
    """Before anything is written."""
    define(local_store)
    refused = code_of(lambda: local_store.catalog.place_hold(SET, None, reason="a\0b", actor="ann"))
    assert refused == "bad_text"
    assert local_store.catalog.last_event() == 1
