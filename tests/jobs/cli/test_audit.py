"""`estimates audit`, and the head of the log that is told to the outside."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from estimates.catalog.event_chain import link
from estimates.catalog.records import LogHead
from estimates.store.store import Store
from tests.builders import define, promoted
from tests.jobs.cli.calls import call, ok


def test_status_and_audit_tell_one_head(store: Store) -> None:
    """The head of the log is the same in both, as JSON and as text, and it is remembered as it was
    told.
    """
    head = store.view().head
    assert head == store.catalog.head().log_head()
    plain = msgspec.to_builtins(head)
    for command in ("status", "audit"):
        assert ok(command, "--store", store.root, "--format", "json").json["head"] == plain
        assert head.text() in ok(command, "--store", store.root).text
    promoted(store, "later", 100.3)
    assert "as it was remembered" in ok("audit", "--head", head.text(), "--store", store.root).text


def test_a_log_that_was_rewritten_is_told_by_an_older_head(local_store: Store) -> None:
    """Whoever rewrites an event and every digest after it deceives the chain, and not a head that
    was kept elsewhere; nor does who leaves out the last events.
    """
    promoted_twice(local_store)
    head = local_store.view().head
    rewrite_actor(local_store, 2, "eve")
    assert local_store.catalog.audit() == []
    called = call("audit", "--head", head.text(), "--store", local_store.root, "--format", "json")
    assert (called.code, called.json["first_fault"]["code"]) == (4, "head_differs")
    later = LogHead(head.store, head.event + 1, head.digest)
    called = call("audit", "--head", later.text(), "--store", local_store.root)
    assert (called.code, f"event {later.event} is not in it" in called.text) == (4, True)


def test_a_catalog_older_than_its_log_is_told(local_store: Store, tmp_path: Path) -> None:
    """By `audit` and `status`, as by `verify`: not only whoever wants to write has to know."""
    define(local_store)
    promoted(local_store, "one")
    catalog = Path(local_store.root) / "catalog.db"
    local_store.catalog.engine.dispose()
    older = catalog.read_bytes()
    promoted(local_store, "two", 101.0)
    local_store.catalog.engine.dispose()
    catalog.write_bytes(older)
    for command in ("audit", "verify"):
        called = call(command, "--store", local_store.root)
        assert (called.code, "catalog_behind" in called.text) == (4, True)
    assert "[catalog_behind]" in ok("status", "--store", local_store.root).text
    assert call("status", "--check", "--store", local_store.root).code == 4
    faults = ok("status", "--store", local_store.root, "--format", "json").json["faults"]
    assert [fault["code"] for fault in faults] == ["catalog_behind"]


@pytest.mark.parametrize("text", ["57", "x:" + "0" * 64, "5:" + "g" * 64, "5:" + "0" * 63])
def test_a_head_that_is_none_is_wrong_usage(local_store: Store, text: str) -> None:
    """What is no event and digest is refused with what to write."""
    called = call("audit", "--head", text, "--store", local_store.root)
    assert (called.code, "EVENT:DIGEST" in called.err) == (2, True)


def promoted_twice(store: Store) -> None:
    """Two promoted versions."""
    define(store)
    promoted(store, "first")
    promoted(store, "second", 100.1)


def rewrite_actor(store: Store, event: int, actor: str) -> None:
    """What somebody who may write the catalog could do: alter an event, and make the chain anew."""
    entries = store.catalog.entries()
    previous = entries[event - 1].previous
    with store.catalog.engine.begin() as tx:
        for entry in entries[event - 1 :]:
            changed = entry.event
            if changed.id == event:
                changed = msgspec.structs.replace(changed, actor=actor)
            previous = link(previous, changed, entry.record_digests())
            statement = "UPDATE events SET actor = :actor, digest = :digest WHERE id = :id"
            row = {"actor": changed.actor, "digest": previous, "id": changed.id}
            tx.execute(sa.text(statement), row)
        tx.execute(sa.text("UPDATE log SET head = :head"), {"head": previous})
