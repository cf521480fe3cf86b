"""The chain: known digests, and every change of what it covers is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from estimates.catalog.event_chain import BEGINNING, Entry, canonical, link, record_digest
from estimates.catalog.law import signed_text
from estimates.catalog.records import Erasure, Event, InputDigest, Provenance, Version
from estimates.principals.private_key import PrivateKey
from estimates.principals.public_key import is_signature
from estimates.store.store import Store
from tests.builders import SET, define, promoted, publish

AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
EVENT = Event(1, AT, "closes", "promoted", "anna", version=2, alias="production")
VERSION = Version(
    set="closes",
    version=2,
    snapshot_id="ab" * 32,
    shape=1,
    contract_revision=1,
    rows=6,
    published_at=AT,
    provenance=Provenance(AT, "r", inputs=(InputDigest("prices", "p.csv", "cd" * 32),)),
)


def test_a_canonical_record_leaves_out_defaults() -> None:
    """Fields stand in declared order, without white space, and without what is as it begins."""
    assert canonical(VERSION) == (
        b'{"set":"closes","version":2,"snapshot_id":"' + b"ab" * 32 + b'","shape":1,'
        b'"contract_revision":1,"rows":6,"published_at":"2026-01-02T03:04:05.000006Z",'
        b'"provenance":{"data_through":"2026-01-02T03:04:05.000006Z","run_id":"r",'
        b'"inputs":[{"name":"prices","source":"p.csv","digest":"' + b"cd" * 32 + b'"}]}}'
    )


def test_a_link_is_the_published_formula() -> None:
    """SHA-256 over the digest before and the event with the digests of its records."""
    event = (
        b'{"id":1,"at":"2026-01-02T03:04:05.000006Z","set":"closes","kind":"promoted",'
        b'"actor":"anna","version":2,"alias":"production"}'
    )
    alone = hashlib.sha256(bytes(32) + b'{"event":' + event + b"}").hexdigest()
    assert link(BEGINNING, EVENT, {}) == alone
    named = b'{"event":' + event + b',"records":{"version":"00"}}'
    expected = hashlib.sha256(bytes.fromhex(alone) + named).hexdigest()
    assert link(alone, EVENT, {"version": "00"}) == expected


def test_later_events_change_no_digest() -> None:
    """That a version expired or was tracked is no other record."""
    later = msgspec.structs.replace(VERSION, expired_at=AT, mlflow_run="m")
    assert record_digest(later) == record_digest(VERSION)
    assert record_digest(msgspec.structs.replace(VERSION, rows=7)) != record_digest(VERSION)


def test_an_entry_survives_its_file() -> None:
    """An entry that was written as JSON and read again still holds; an altered one does not."""
    records = {"version": msgspec.Raw(canonical(VERSION))}
    digest = link(BEGINNING, EVENT, {"version": record_digest(VERSION)})
    entry = Entry(EVENT, BEGINNING, digest, records)
    again = msgspec.json.decode(msgspec.json.encode(entry), type=Entry)
    assert again == entry
    assert again.holds()
    altered = msgspec.json.encode(entry).replace(b'"rows":6', b'"rows":7')
    assert not msgspec.json.decode(altered, type=Entry).holds()


def test_an_entry_gives_its_record(store: Store) -> None:
    """A record is asked for by its kind; of another kind an event made none."""
    define(store)
    version = publish(store, "first")
    entry = next(e for e in store.catalog.entries() if e.event.kind == "published")
    assert entry.record(Version) == version
    with pytest.raises(KeyError):
        entry.record(Erasure)


def test_each_write_is_a_link(store: Store) -> None:
    """Defining, publishing, judging, promoting, waiving, rolling back: the chain goes on, and the
    head is the digest of the newest event.
    """
    define(store)
    promoted(store, "first")
    promoted(store, "second", 100.1)
    waiver = store.waive(SET, "hard_bounds", 2, reason="test", until="2100-01-01T00:00:00+02:00")
    store.unwaive(SET, waiver.id, reason="test")
    store.rollback(SET, reason="test")
    entries = store.catalog.entries()
    assert [entry.event.id for entry in entries] == list(range(1, len(entries) + 1))
    previous = BEGINNING
    for entry in entries:
        assert entry.previous == previous
        assert entry.holds()
        previous = entry.digest
    assert store.catalog.head().digest == previous
    assert store.catalog.audit() == []


def set_cell(statement: str) -> Callable[[Store], None]:
    """What changes the catalog behind its back."""

    def change(store: Store) -> None:
        with store.catalog.engine.begin() as tx:
            tx.execute(sa.text(statement))

    return change


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE events SET actor = 'eve' WHERE id = 3", "chain_broken"),
        ("UPDATE events SET at = at + 1 WHERE id = 3", "chain_broken"),
        ("UPDATE events SET digest = '00' WHERE id = 3", "chain_broken"),
        ("UPDATE events SET records = '{' WHERE id = 3", "event_damaged"),
        ("UPDATE events SET details = '[' WHERE id = 3", "event_damaged"),
        ("UPDATE versions SET rows = 7 WHERE version = 1", "record_damaged"),
        ("UPDATE versions SET run_id = 'x' WHERE version = 1", "record_damaged"),
        ("UPDATE versions SET provenance = '{' WHERE version = 1", "record_damaged"),
        ("UPDATE versions SET expired_at = 1 WHERE version = 1", "record_damaged"),
        ("UPDATE versions SET mlflow_run = 'm' WHERE version = 1", "record_damaged"),
        ("UPDATE contracts SET body = replace(body, '500', '900')", "record_damaged"),
        ("UPDATE contracts SET shape_digest = 'x'", "record_damaged"),
        ("UPDATE verdicts SET blocks = NOT blocks WHERE version = 1", "record_damaged"),
        ("DELETE FROM verdicts WHERE version = 1", "record_missing"),
        ("UPDATE aliases SET version = 1", "alias_damaged"),
        ("UPDATE aliases SET held = true", "alias_damaged"),
        ("DELETE FROM aliases", "alias_damaged"),
        ("UPDATE waivers SET ended_at = 1", "record_damaged"),
        ("UPDATE waivers SET reason = 'other'", "record_damaged"),
        ("UPDATE log SET head = '00'", "log_damaged"),
        ("UPDATE log SET last_event = 99", "log_damaged"),
    ],
)
def test_an_altered_row_is_named(store: Store, statement: str, code: str) -> None:
    """Whatever row was altered behind the catalog's back, the audit says so."""
    define(store)
    promoted(store, "first")
    promoted(store, "second", 100.1)
    store.waive(SET, "hard_bounds", 2, reason="test", until="2100-01-01")
    assert store.catalog.audit() == []
    set_cell(statement)(store)
    assert code in {fault.code for fault in store.catalog.audit()}


def test_the_first_broken_link_comes_first(local_store: Store) -> None:
    """Two altered events are both named, the older one first."""
    define(local_store)
    promoted(local_store, "first")
    publish(local_store, "second", 100.1)
    set_cell("UPDATE events SET actor = 'eve' WHERE id IN (2, 4)")(local_store)
    messages = [fault.message for fault in local_store.catalog.audit()]
    assert messages == [
        "event 2 (published) is not what the chain says",
        "event 4 (promoted) is not what the chain says",
    ]


def test_a_signature_is_the_published_one() -> None:
    """The worked example of docs/spec.md, section 7, by the seed of RFC 8032's first test."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = PrivateKey(Ed25519PrivateKey.from_private_bytes(seed))
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    message = signed_text(f"{1:032}", digest)
    assert message == f"estimates event 1\n{1:032}\n{digest}\n".encode()
    signature = key.sign(message)
    page = (Path(__file__).parents[2] / "docs" / "spec.md").read_text()
    assert f"`{key.public}`" in page
    assert f"`{signature}`" in page
    assert is_signature(key.public, signature, message)
    assert not is_signature(key.public, signature, message + b" ")
    assert not is_signature(key.public, signature + "=", message)
