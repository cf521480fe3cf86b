"""Appending to the log, and reading it back as a chain."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from estimates.catalog.event_chain import BEGINNING
from estimates.catalog.event_log import (
    chained_links,
    check_text,
    continues,
    entries,
    next_event,
    place_of,
    read_head,
    record_of,
)
from estimates.catalog.records import ContractRevision, Judged, LogHead, Version
from estimates.store.store import Store
from tests.builders import SET, code_of, define, publish
from tests.catalog.histories import event


@pytest.fixture
def logged(local_store: Store) -> Store:
    """A log of three events: a contract, a version, its verdict."""
    define(local_store)
    publish(local_store, "first")
    local_store.judge(SET, 1)
    return local_store


def test_ids_are_dense_and_times_rise(logged: Store) -> None:
    """Also where the clock went back behind the last event."""
    with logged.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE log SET last_at = last_at + 3600000000"))
        last = read_head(tx)
        event = next_event(tx, "retired", SET, "ann", reason="r")
    assert event.id == last.last_event + 1 == 4
    assert (event.at - last.last_at).microseconds == 1


def test_who_claims_to_act_for_another_is_named_with_it(logged: Store) -> None:
    """One who claims to be oneself claims nothing."""
    with logged.catalog.engine.begin() as tx:
        for claimed, expected in (("bea", "bea"), ("ann", None), (None, None)):
            acting = tx.execution_options(claimed=claimed)
            assert next_event(acting, "retired", SET, "ann").claimed == expected
        bad = tx.execution_options(claimed="b\0")
        assert code_of(lambda: next_event(bad, "retired", SET, "ann")) == "bad_text"


def test_entries_form_a_chain_with_their_records(logged: Store) -> None:
    """From any event on, as many as are wished for."""
    with logged.catalog.engine.begin() as tx:
        whole = list(entries(tx, 0))
        assert [list(entry.records) for entry in whole] == [["contract"], ["version"], ["verdict"]]
        assert [entry.previous for entry in whole] == [BEGINNING, *(e.digest for e in whole[:-1])]
        assert all(entry.holds() for entry in whole)
        assert read_head(tx).digest == whole[-1].digest
        assert list(entries(tx, 1)) == whole[1:]
        assert list(entries(tx, 1, 1)) == whole[1:2]


def test_what_an_event_made(logged: Store) -> None:
    """By its kind; a record that is gone is named, an event without one has none."""
    assert place_of(event(1, "promoted", 1)) is None
    assert place_of(event(1, "a kind of a later release")) is None
    with logged.catalog.engine.begin() as tx:
        kinds = [type(record_of(tx, entry.event)) for entry in list(entries(tx, 0))]
        assert kinds == [ContractRevision, Version, Judged]
        assert code_of(lambda: record_of(tx, event(9, "published", 7))) == "record_missing"


def test_a_log_continues_what_it_ended_with(logged: Store) -> None:
    """Not where another event has that number."""
    with logged.catalog.engine.begin() as tx:
        head = read_head(tx).log_head()
        first = next(iter(entries(tx, 0)))
        assert continues(tx, head, head)
        assert continues(tx, LogHead(head.store, 1, first.digest), head)
        assert not continues(tx, LogHead(head.store, 2, first.digest), head)
        assert not continues(tx, LogHead(head.store, 99, first.digest), head)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE log SET head = 'x'",
        "UPDATE log SET last_event = 4",
        "UPDATE log SET last_at = last_at + 1",
        "UPDATE events SET records = '[' WHERE id = 2",
        "UPDATE events SET records = '{}' WHERE id = 2",
        "UPDATE events SET digest = 'x' WHERE id = 2",
        "UPDATE events SET actor = 'eve' WHERE id = 1",
        "DELETE FROM events WHERE id = 3",
    ],
)
def test_links_are_what_the_chain_says(logged: Store, change: str) -> None:
    """An event that was changed or is gone, a head that is not its end: the chain is broken."""
    beginning = LogHead("", 0, BEGINNING)
    with logged.catalog.engine.connect() as tx:
        sound = chained_links(tx, beginning, read_head(tx))
        assert [link.event.id for link in sound] == [1, 2, 3]
        assert chained_links(tx, read_head(tx).log_head(), read_head(tx)) == []
        tx.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
        tx.execute(sa.text(change))
        broken = code_of(lambda: chained_links(tx, beginning, read_head(tx)))
    assert broken == "chain_broken"


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "a\udfff"])
def test_half_characters_and_nul_are_refused(text: str) -> None:
    """In any of the texts; null is none."""
    assert code_of(lambda: check_text(reason=None, actor=text)) == "bad_text"
    assert code_of(lambda: check_text(reason=None, actor="𝔘 ü")) is None
