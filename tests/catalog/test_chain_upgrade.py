"""A catalog from before the chain gets its identity and its digests once."""

from __future__ import annotations

import sqlalchemy as sa

from estimates.catalog.chain_upgrade import chain_events
from estimates.catalog.event_log import entries, read_head
from estimates.store.store import Store
from tests.builders import SET, define, publish
from tests.store.catalog_rows import rows

UNCHAIN = (
    "UPDATE log SET store_id = NULL, head = NULL, chained_later = NULL",
    "UPDATE events SET digest = NULL, records = NULL",
    "UPDATE versions SET digest = NULL",
    "UPDATE contracts SET digest = NULL",
    "UPDATE verdicts SET digest = NULL",
)


def test_digests_are_those_that_the_chain_would_have_had(local_store: Store) -> None:
    """The same rows as if it had been there from the first event on, but for the store's id."""
    define(local_store)
    publish(local_store, "first")
    local_store.judge(SET, 1)
    before = rows(local_store)
    with local_store.catalog.engine.begin() as tx:
        for statement in UNCHAIN:
            tx.execute(sa.text(statement))
        chain_events(tx)
        head = read_head(tx)
        assert head.chained_later == head.last_event == 3
        assert len(head.store_id) == 32
        assert all(entry.holds() for entry in entries(tx, 0))
    after = rows(local_store)
    assert {name: after[name] for name in after if name != "log"} == {
        name: before[name] for name in before if name != "log"
    }


def test_a_catalog_with_a_chain_stays_as_it_is(local_store: Store) -> None:
    """Also one that has no event yet."""
    define(local_store)
    before = rows(local_store)
    with local_store.catalog.engine.begin() as tx:
        chain_events(tx)
    assert rows(local_store) == before


def test_a_record_that_is_missing_has_no_digest(local_store: Store) -> None:
    """The chain goes on: `verify` names what is missing."""
    define(local_store)
    publish(local_store, "first")
    with local_store.catalog.engine.begin() as tx:
        tx.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
        tx.execute(sa.text("DELETE FROM versions"))
        for statement in UNCHAIN:
            tx.execute(sa.text(statement))
        chain_events(tx)
        named = tx.execute(sa.text("SELECT records FROM events ORDER BY id")).scalars().all()
    assert named[1] == "{}"
    assert named[0].startswith('{"contract":')
