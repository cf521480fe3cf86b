"""Waivers in the catalog: made, taken back, over."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from estimates import instants
from estimates.catalog.records import Event, Version, Waiver
from estimates.store.store import Store
from tests.builders import SET, code_of, define, publish

SOON = timedelta(days=1)


@pytest.fixture
def version(local_store: Store) -> Version:
    """A version of a set."""
    define(local_store)
    return publish(local_store, "first")


def waive(
    store: Store,
    version: Version,
    until: datetime,
    keys: list[list[str]] | None = None,
    check: str = "jumps",
) -> tuple[Event, Waiver]:
    """Waive a check under the newest contract that this store knows."""
    newest = store.view().set(SET).contracts[-1]
    return store.catalog.waive(
        version, check, keys, reason="new data", until=until, actor="ann", newest=newest
    )


def test_the_event_counts_keys_and_the_waiver_names_them(
    local_store: Store, version: Version
) -> None:
    """Keys may be of persons: the log is for ever. Ends are kept in UTC."""
    until = (instants.now() + SOON).astimezone(timezone(timedelta(hours=5)))
    event, waiver = waive(local_store, version, until, [["AAPL"], ["ÆØÅ"]])
    assert event.details == {"check": "jumps", "keys": 2, "until": instants.text(until)}
    assert (waiver.id, waiver.keys, waiver.snapshot_id) == (
        event.id,
        [["AAPL"], ["ÆØÅ"]],
        version.snapshot_id,
    )
    assert waiver.until.utcoffset() == timedelta()
    whole, _ = waive(local_store, version, until)
    assert whole.details["keys"] is None


def test_what_is_refused_leaves_no_event(local_store: Store, version: Version) -> None:
    """An end that is past, a contract that is not the newest, files that are gone, bad text."""
    store, soon, before = local_store, instants.now() + SOON, local_store.catalog.last_event()
    assert code_of(lambda: waive(store, version, instants.now() - SOON)) == "bad_until"
    assert code_of(lambda: waive(store, version, soon, check="a\0")) == "bad_text"
    assert store.catalog.last_event() == before
    view = store.view()
    define(store, maximum=400.0)
    stale = view.set(SET).contracts[-1]
    changed = code_of(
        lambda: store.catalog.waive(
            version, "jumps", None, reason="r", until=soon, actor="ann", newest=stale
        )
    )
    assert changed == "contract_changed"
    store.catalog.expire(version, actor="ann", reason="old")
    store.refresh()
    assert code_of(lambda: waive(store, version, soon)) == "expired"


def test_a_waiver_is_taken_back_once(local_store: Store, version: Version) -> None:
    """Of its own set; one that is over has nothing to take back."""
    catalog = local_store.catalog
    _, waiver = waive(local_store, version, instants.now() + SOON)

    def back(name: str, number: int) -> str | None:
        return code_of(lambda: catalog.unwaive(name, number, reason="r", actor="bea"))

    assert back("others", waiver.id) == "unknown_waiver"
    assert back(SET, waiver.id + 1) == "unknown_waiver"
    assert back(SET, waiver.id) is None
    assert back(SET, waiver.id) == "waiver_over"
    local_store.refresh()
    view = local_store.view().set(SET)
    assert view.waivers == []
    assert view.events[-1].details == {"waiver": waiver.id, "check": "jumps"}
