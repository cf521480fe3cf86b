"""Stores with an access record: what is lawful is followed, all else is reported."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from estimates.catalog.law import Law, signed_text
from estimates.catalog.records import Event
from estimates.catalog.seal import Link
from estimates.errors import CorruptError, GateError
from estimates.principals.private_key import load_key
from estimates.storage.objects import Objects
from estimates.store.access import access_in_force, set_access
from estimates.store.recover import after_end, find_log, give_up_end
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, code_of, define, promoted, publish
from tests.principals.signed import ALL, Keys, forge, forged_promotion
from tests.store.catalog_rows import lose_catalog, recovered, rows

ROOT_SETS = {"anna": ALL}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Keys in a folder of their own."""
    return Keys(tmp_path / "keys")


@pytest.fixture
def signed(local_store: Store, keys: Keys) -> Store:
    """Version 1 in production and 2 a candidate, from before the record by which anna may do all;
    opened by her.
    """
    define(local_store)
    promoted(local_store, "first")
    publish(local_store, "second", 100.1)
    local_store.judge(SET, 2)
    keys.set(local_store, ROOT_SETS)
    return keys.open(local_store, "anna")


def codes(store: Store) -> list[str]:
    """What verify finds."""
    return [fault.code for fault in verify(store)]


def test_what_principals_do_is_followed(signed: Store, keys: Keys) -> None:
    """Events carry the principal's name and a signature over their digest; nothing is wrong."""
    signed.promote(SET, 2, reason="better")
    event = signed.view().set(SET).events[-1]
    assert (event.kind, event.actor, event.claimed) == ("promoted", "anna", None)
    reader = Store(signed.root, root_key=keys.public("root"))
    assert reader.resolve(SET).version == 2
    assert codes(reader) == []


def test_a_move_by_sql_is_not_followed(signed: Store, keys: Keys) -> None:
    """A valid chain is not enough: readers that run, and that begin, stay at the last lawful move;
    verify names it, and nothing more is written.
    """
    running = Store(signed.root)
    assert running.resolve(SET).version == 1
    forged = forged_promotion(signed, SET, 2)
    for reader in (running, Store(signed.root), Store(signed.root, root_key=keys.public("root"))):
        assert reader.resolve(SET).version == 1
        assert reader.view().law.unlawful[0].event == forged.id
        assert all(event.id < forged.id for event in reader.view().set(SET).events)
        assert codes(reader) == ["unauthorised_move"]
    assert code_of(lambda: signed.retire(SET, reason="bad")) == "unauthorised_move"
    assert code_of(lambda: define(signed, "other")) == "unauthorised_move"


@pytest.mark.parametrize("actor", ["anna", "root", "eve"])
def test_a_signature_of_another_is_none(signed: Store, keys: Keys, actor: str) -> None:
    """A key that the record does not know signs nothing, whatever name stands there."""
    with signed.catalog.engine.connect() as connection:
        last, store_id = connection.execute(sa.text("SELECT last_event, store_id FROM log")).one()
    assert last
    stolen = load_key(keys.file("eve")).sign(signed_text(store_id, "0" * 64))
    event = forged_promotion(signed, SET, 2, actor)
    with signed.catalog.engine.begin() as tx:
        statement = sa.text("UPDATE events SET signature = :s WHERE id = :id")
        tx.execute(statement, {"s": stolen, "id": event.id})
    assert Store(signed.root).resolve(SET).version == 1
    assert codes(signed) == ["unauthorised_move"]


def test_a_key_writes_in_the_name_of_its_principal_alone(signed: Store, keys: Keys) -> None:
    """An event in another's name is refused before it is written, and would stop the store else."""
    keys.set(signed, ROOT_SETS | {"bea": ALL})
    of_set = signed.refresh().set(SET)
    version, last = of_set.versions[1], signed.catalog.last_event()
    promote = partial(signed.catalog.promote, version, alias="production", seen=of_set)
    for actor in ("bea", "nobody", "root"):
        assert code_of(partial(promote, actor=actor)) == "not_allowed"
    assert signed.catalog.last_event() == last


def test_altered_signatures_are_noticed(signed: Store) -> None:
    """A byte of a signature more or less, and the event is not lawful."""
    signed.promote(SET, 2, reason="better")
    with signed.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE events SET signature = 'A' || substr(signature, 2)"))
    assert Store(signed.root).resolve(SET).version == 1
    assert "unauthorised_move" in codes(signed)
    with signed.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE events SET signature = x'ff00' WHERE kind = 'promoted'"))
    assert Store(signed.root).resolve(SET).version == 1
    with signed.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE events SET signature = NULL WHERE kind = 'promoted'"))
    assert Store(signed.root).resolve(SET).version == 1


def test_a_record_that_root_did_not_sign_counts_for_nothing(signed: Store, keys: Keys) -> None:
    """Neither a principal nor SQL replaces the access record."""
    eve = keys.record({"eve": ALL}, root="eve")
    assert code_of(lambda: set_access(signed, eve)) == "not_allowed"
    stolen = Event(
        0, signed.view().moment, "", "access_set", "eve", details={"record": eve.details()}
    )
    forge(signed, stolen, "A" * 86)
    fresh = Store(signed.root)
    law = access_in_force(fresh)
    assert law is not None
    assert list(law[0].principals) == ["anna"]
    assert codes(fresh) == ["unauthorised_move"]
    assert code_of(lambda: keys.set(signed, {"eve": ALL}, by="eve")) == "unauthorised_move"


def test_keys_change_and_principals_go(signed: Store, keys: Keys) -> None:
    """Who is removed writes no more, and what they wrote stays lawful; the root key changes too."""
    signed.promote(SET, 2, reason="better")
    keys.set(signed, {"bob": {"roll_back": (SET,)}})
    assert code_of(lambda: signed.rollback(SET, reason="bad")) == "unknown_principal"
    fresh = keys.open(signed, "bob")
    assert fresh.resolve(SET).version == 2
    fresh.rollback(SET, reason="bad")
    new = keys.record({"anna": ALL}, root="second-root")
    set_access(keys.open(signed, "root"), new)
    assert code_of(lambda: keys.set(signed, ROOT_SETS)) == "not_allowed"
    set_access(keys.open(signed, "second-root"), new)
    for root in ("root", "second-root"):
        reader = Store(signed.root, root_key=keys.public(root))
        assert reader.resolve(SET).version == 1
    assert codes(signed) == []


def test_a_reader_relies_on_a_root_key(signed: Store, local_store: Store, keys: Keys) -> None:
    """A log that was written anew, without the record or with another one, is refused."""
    other = keys.public("eve")
    with pytest.raises(CorruptError) as caught:
        Store(signed.root, root_key=other).view()
    assert caught.value.code == "no_access_record"
    assert code_of(lambda: Store(signed.root, root_key="ed25519:short")) == "bad_key_text"


def test_recovery_gives_up_what_was_not_lawful(signed: Store, keys: Keys) -> None:
    """Copies of the log carry signatures, and a catalog rebuilt up to the last lawful event is
    whole again.
    """
    signed.promote(SET, 2, reason="better")
    before = rows(signed)
    forged = forged_promotion(signed, SET, 1)
    signed.notify_and_copy()
    lose_catalog(signed)
    log = find_log(Objects(signed.root), forged.id - 1)
    give_up_end(log, after_end(log))
    rebuilt = recovered(signed.root)
    assert rows(rebuilt) == before
    assert codes(rebuilt) == []
    keys.open(signed, "anna").rollback(SET, reason="as it should be")


def test_what_came_before_an_unlawful_event_is_read_cold(signed: Store, keys: Keys) -> None:
    """A set that stops is what its lawful events made of it, whatever rows say since."""
    define(signed, "quiet")
    promoted(signed, "a", name="quiet")
    waiver = Event(0, signed.view().moment, SET, "retired", "anna", reason="gone")
    forge(signed, waiver)
    forged_promotion(signed, SET, 2)
    expired = Event(0, signed.view().moment, SET, "expired", "anna", version=2)
    forged = forge(signed, expired)
    with signed.catalog.engine.begin() as tx:
        statement = sa.text('UPDATE versions SET expired_at = 5 WHERE "set" = :s AND version = 2')
        tx.execute(statement, {"s": SET})
    cold = Store(signed.root).view()
    assert cold.set(SET).retirement is None
    assert cold.set(SET).versions[1].expired_at is None
    assert cold.set(SET).production == cold.set(SET).versions[0]
    assert cold.set("quiet").production is not None
    assert [each.event for each in cold.law.unlawful] == [forged.id - 2, forged.id - 1, forged.id]


def test_without_cryptography_it_is_said(
    signed: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signatures that cannot be checked are told of; rights are looked at all the same, and a
    reader that relies on a root key refuses.
    """
    root = keys.public("root")
    for module in ("catalog.law", "principals.private_key"):
        monkeypatch.setattr(f"estimates.{module}.can_check", lambda: False)
    reader = Store(signed.root)
    with pytest.warns(UserWarning, match="signatures_unchecked"):
        reader.view()
    assert codes(reader) == ["signatures_unchecked"]
    forged_promotion(reader, SET, 2)
    with pytest.warns(UserWarning, match="signatures_unchecked"):
        assert Store(signed.root).resolve(SET).version == 1
    pinned = Store(signed.root, root_key=root)
    assert code_of(pinned.view) == "no_cryptography"


def test_each_event_is_checked_once(signed: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process checks the signature of an event when it first sees it."""
    reader, checked = Store(signed.root), list[int]()
    fault = Law.fault

    def count(law: Law, each: Link, store_id: str, **more: bool) -> str | None:
        checked.append(each.event.id)
        return fault(law, each, store_id, **more)

    monkeypatch.setattr(Law, "fault", count)
    signed.promote(SET, 2, reason="better")
    checked.clear()
    reader.view()
    seen = len(checked)
    for _ in range(3):
        reader.refresh()
        reader.resolve(SET)
    assert seen == len(checked) == len(set(checked)) > 0


def test_approvals_under_an_access_record(local_store: Store, keys: Keys) -> None:
    """Who asked may take it back without the right to approve; the last approver needs the right of
    what is done by it too; what is done so is lawful to every reader.
    """
    define(local_store, more='[gate]\napprovals = 1\napprovers = ["bea", "cyd"]\n')
    publish(local_store, "first")
    local_store.judge(SET, 1)
    may = {"anna": ("promote",), "bea": ("approve",), "cyd": ("approve", "promote")}
    keys.set(local_store, {name: dict.fromkeys(rights, ("*",)) for name, rights in may.items()})
    anna, bea, cyd = (keys.open(local_store, name) for name in may)

    def request() -> int:
        with pytest.raises(GateError) as caught:
            anna.promote(SET, 1, reason="good")
        return int(str(caught.value.details["request"]))

    anna.decline(SET, request(), reason="too soon")
    assert code_of(lambda: anna.approve(SET, request())) == "not_allowed"
    assert code_of(lambda: bea.approve(SET, request())) == "not_allowed"
    cyd.approve(SET, request())
    assert Store(local_store.root, root_key=keys.public("root")).resolve(SET).version == 1
    assert codes(cyd) == []
