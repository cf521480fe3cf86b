"""The signed log of a store under attack, and in all that is done to a store as a whole: nothing
that was signed elsewhere counts, and what is lawful stays so.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.law import signed_text
from estimates.catalog.records import Event
from estimates.contract.contract_file import parse_contract
from estimates.errors import GateError, RefusedError
from estimates.principals.private_key import load_key
from estimates.storage.log_copies import name_of, read_copy
from estimates.storage.objects import Objects
from estimates.store.access import set_access
from estimates.store.backup import backup
from estimates.store.erase import erase
from estimates.store.members import define_family, set_of_member
from estimates.store.open_store import catalog_url
from estimates.store.repair import repair
from estimates.store.restore import restore
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from estimates_migrations import upgrade
from tests.builders import SET, code_of, define, make_store, promoted, publish, source
from tests.conftest import BUCKETS
from tests.frozen.make_format1 import FOLDER, closes
from tests.frozen.make_format1 import provenance as came_from
from tests.principals.signed import ALL, Keys, forge, forged_promotion
from tests.store.catalog_rows import lose_catalog, recovered, rows


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Keys in a folder of their own."""
    return Keys(tmp_path / "keys")


@pytest.fixture
def signed(local_store: Store, keys: Keys) -> Store:
    """Versions 1 and 2, promoted by anna, who may do all; 3 is a candidate."""
    define(local_store)
    keys.set(local_store, {"anna": ALL})
    anna = keys.open(local_store, "anna")
    promoted(anna, "first")
    promoted(anna, "second", 100.1, day=1)
    publish(anna, "third", 100.2, day=2)
    anna.judge(SET, 3)
    return anna


def codes(store: Store) -> list[str]:
    """What verify says."""
    return [fault.code for fault in verify(store)]


def empty(folder: Path) -> Objects:
    """A new folder."""
    folder.mkdir()
    return Objects(str(folder))


def signatures(store: Store) -> list[tuple[Event, str]]:
    """The events of the set with their signatures."""
    with store.catalog.engine.connect() as tx:
        known = {row.id: row.signature for row in tx.execute(sa.select(schema.events))}
    return [(event, known[event.id]) for event in store.view().set(SET).events]


# -- replays
# --------------------------------------------------------------------------------------------------


def test_what_was_signed_before_is_not_lawful_again(signed: Store) -> None:
    """A signed promotion, put at the end of the log once more, is nobody's."""
    first = next((e, s) for e, s in signatures(signed) if e.kind == "promoted" and e.version == 1)
    forge(signed, msgspec.structs.replace(first[0], from_version=2), first[1])
    assert Store(signed.root).resolve(SET).version == 2
    assert codes(signed) == ["unauthorised_move"]


def test_what_was_signed_in_another_store_is_not_lawful_here(
    signed: Store, keys: Keys, tmp_path: Path
) -> None:
    """By the same key, of a set of the same name, even over the very digest: the store is signed,
    too.
    """
    other = make_store(tmp_path / "other")
    define(other)
    keys.set(other, {"anna": ALL})
    anna = keys.open(other, "anna")
    promoted(anna, "first")
    event, signature = signatures(anna)[-1]
    forge(signed, msgspec.structs.replace(event, from_version=2), signature)
    assert Store(signed.root).resolve(SET).version == 2
    with signed.catalog.engine.begin() as tx:
        digest = tx.execute(sa.text("SELECT digest FROM events ORDER BY id DESC")).scalar() or ""
        theirs = signed_text(other.view().head.store, digest)
        values = {"s": load_key(keys.file("anna")).sign(theirs), "d": digest}
        tx.execute(sa.text("UPDATE events SET signature = :s WHERE digest = :d"), values)
    assert Store(signed.root).resolve(SET).version == 2
    assert codes(signed) == ["unauthorised_move"]
    other.catalog.engine.dispose()


def test_what_was_signed_for_one_set_is_not_lawful_in_another(signed: Store) -> None:
    """The name of the set is part of what is signed."""
    define(signed, "other")
    for run, level in (("a", 100.0), ("b", 100.1)):
        promoted(signed, run, level, name="other")
    event, signature = signatures(signed)[-1]
    moved = next(e for e, _ in signatures(signed) if e.kind == "promoted" and e.version == 1)
    for fake in (event, moved):
        forge(signed, msgspec.structs.replace(fake, set="other", from_version=2), signature)
    cold = Store(signed.root)
    assert (cold.resolve("other").version, cold.resolve(SET).version) == (2, 2)
    assert "unauthorised_move" in codes(signed)


def test_a_branch_of_the_log_cannot_be_grafted(signed: Store, keys: Keys, tmp_path: Path) -> None:
    """What anna signed in a restored copy is not lawful behind other events of the original."""
    backup(signed, empty(tmp_path / "backup"))
    copy = _restored(tmp_path)
    drill = keys.open(copy, "anna")
    drill.rollback(SET, reason="a drill")
    event, signature = signatures(drill)[-1]
    signed.promote(SET, 3, reason="the real thing")
    forge(signed, msgspec.structs.replace(event, from_version=3), signature)
    assert Store(signed.root).resolve(SET).version == 3
    assert "unauthorised_move" in codes(signed)


def test_an_earlier_access_record_is_not_lawful_again(signed: Store, keys: Keys) -> None:
    """Who was removed does not come back with a record that the root key signed before, nor with
    the key that signed then.
    """
    (first,) = signed.view().of_store
    with signed.catalog.engine.connect() as tx:
        statement = sa.text("SELECT signature FROM events WHERE id = :id")
        signature = tx.execute(statement, {"id": first.id}).scalar()
    keys.set(signed, {"bob": ALL})
    forge(signed, first, signature)
    forge(signed, signatures(signed)[-1][0], load_key(keys.file("anna")))
    law = Store(signed.root).view().law
    assert [each.kind for each in law.unlawful] == ["access_set", "judged"]
    assert list(law.record.principals if law.record else ()) == ["bob"]


def test_a_record_about_a_set_is_none(local_store: Store, keys: Keys) -> None:
    """A record is about the store: such an event means nothing, to writers and readers alike."""
    define(local_store)
    details = {"record": keys.record({"eve": ALL}, root="eve").details()}
    forge(
        local_store, Event(0, local_store.view().moment, SET, "access_set", "eve", details=details)
    )
    assert codes(local_store) == []
    assert promoted(local_store, "one").version == 1
    assert Store(local_store.root).view().law.record is None


# -- what is done to a store as a whole
# --------------------------------------------------------------------------------------------------


def _restored(tmp_path: Path) -> Store:
    source, target = Objects(str(tmp_path / "backup")), empty(tmp_path / "restored")
    restore(source, target, catalog_url(target.root), upgrade)
    return Store(target.root)


def test_a_backup_keeps_what_is_lawful(signed: Store, keys: Keys, tmp_path: Path) -> None:
    """Restored, recovered: every row and signature is what it was, the root key still counts, and
    principals go on.
    """
    backup(signed, empty(tmp_path / "backup"))
    before = rows(signed)
    restored = _restored(tmp_path)
    assert rows(restored) == before
    assert codes(Store(restored.root, root_key=keys.public("root"))) == []
    assert keys.open(restored, "anna").promote(SET, 3, reason="goes on").version == 3
    lose_catalog(signed)
    again = recovered(signed.root)
    assert rows(again) == before
    assert codes(Store(signed.root, root_key=keys.public("root"))) == []
    assert keys.open(again, "anna").promote(SET, 3, reason="goes on").version == 3


def _alter(objects: Objects, event: int) -> None:
    """Exchange the signature in a copy of the log, which the chain does not cover."""
    entry = read_copy(objects, event)
    objects.put(
        name_of(event), msgspec.json.encode(msgspec.structs.replace(entry, signature="A" * 86))
    )


def test_a_signature_that_was_exchanged_in_a_copy_is_mended(signed: Store, keys: Keys) -> None:
    """By that of the catalog, which holds; a catalog that is rebuilt then is lawful."""
    event = signatures(signed)[-1][0].id
    _alter(signed.objects, event)
    assert codes(signed) == ["log_differs"]
    assert [mended.file for mended in repair(signed).mended] == [name_of(event)]
    lose_catalog(signed)
    assert codes(recovered(signed.root)) == []


def test_a_signature_that_was_exchanged_in_the_catalog_spoils_no_copy(signed: Store) -> None:
    """Copies whose signatures hold stay, and are what the catalog is rebuilt from."""
    event = signatures(signed)[-1][0].id
    with signed.catalog.engine.begin() as tx:
        tx.execute(
            sa.text("UPDATE events SET signature = :s WHERE id = :id"), {"s": "A" * 86, "id": event}
        )
    store = Store(signed.root)
    repaired = repair(store)
    assert (repaired.mended, {fault.code for fault in repaired.left}) == (
        [],
        {"log_differs", "unauthorised_move"},
    )
    lose_catalog(signed)
    assert codes(recovered(signed.root)) == []


def test_a_backup_whose_signatures_were_exchanged_is_read_again(
    signed: Store, tmp_path: Path
) -> None:
    """`--reread` compares signatures, too; what a store whose own was exchanged has is not copied
    over a good one.
    """
    target = empty(tmp_path / "backup")
    backup(signed, target)
    event = signatures(signed)[-1][0].id
    good = read_copy(target, event)
    _alter(target, event)
    assert backup(signed, target, reread=True).events == 1
    assert read_copy(target, event) == good
    with signed.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE events SET signature = NULL WHERE id = :id"), {"id": event})
    assert backup(Store(signed.root), target, reread=True).events == 0
    assert read_copy(target, event) == good


def test_a_sweep_asks_for_its_right(signed: Store, keys: Keys) -> None:
    """Also where nothing is past its retention: it deletes files of every set."""
    keys.set(signed, {"anna": {"expire": ("*",)}, "bob": {"expire": (f"{SET}*",)}})
    with pytest.raises(RefusedError, match="bob lacks the right `expire` for the store") as caught:
        sweep(keys.open(signed, "bob"))
    assert caught.value.code == "not_allowed"
    assert code_of(lambda: sweep(keys.open(signed, "eve"))) == "unknown_principal"
    sweep(keys.open(signed, "bob"), dry_run=True)
    sweep(keys.open(signed, "anna"))
    assert codes(signed) == []


def test_whose_key_is_missing_is_told_so(signed: Store, keys: Keys) -> None:
    """Before anything is said of approvers, who are principals."""
    nobody = Store(signed.root, key=keys.folder / "none.pem")
    for act in (lambda: nobody.approve(SET, 1), lambda: nobody.decline(SET, 1, reason="no")):
        assert code_of(act) == "no_key"
    stranger = keys.open(signed, "eve")
    assert code_of(lambda: stranger.approve(SET, 1)) == "unknown_principal"


def test_a_store_from_before_signatures_gets_a_record(tmp_path: Path, keys: Keys) -> None:
    """Migrated, `--finish` too, it is signed from then on, and the record vouches for what it had;
    its keys are erased and its clock goes on, all of it lawful.
    """
    shutil.copytree(FOLDER / "store", tmp_path / "store")
    url = catalog_url(tmp_path / "store")
    for finish in (False, True):
        upgrade(url, finish=finish)
    store = Store(tmp_path / "store", clock_is_right=True)
    set_access(
        Store(store.root, key=keys.file("root"), clock_is_right=True), keys.record({"anna": ALL})
    )
    anna = keys.open(store, "anna")
    version = anna.publish("closes", closes(100.5), came_from("now", 4))
    anna.judge("closes", version.version)
    anna.promote("closes", version.version, reason="better")
    erase(anna, "closes", [("BRK/B",)], reason="request")
    anna.hold("closes", 1, reason="a case")
    reader = Store(store.root, root_key=keys.public("root"))
    assert (codes(reader), reader.resolve("closes").version) == ([], version.version)
    backup(anna, empty(tmp_path / "backup"))
    assert codes(_restored(tmp_path)) == []
    lose_catalog(store)
    assert codes(recovered(store.root)) == []


def test_a_clock_is_repaired_by_who_may(
    local_store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused to others; after it all is lawful, times are right, and cold readers agree."""
    define(local_store)
    keys.set(local_store, {"anna": ALL, "bob": dict.fromkeys(ALL, (f"{SET}*",))})
    clock = instants.now
    monkeypatch.setattr(instants, "now", lambda: clock() + timedelta(days=400))
    wrong = keys.open(local_store, "anna")
    wrong.catalog.clock_is_right = True
    promoted(wrong, "first")
    monkeypatch.setattr(instants, "now", clock)
    first = next(e.id for e in local_store.view().events() if e.at > instants.now())
    bob = keys.open(local_store, "bob")
    assert code_of(lambda: bob.repair_clock(first, reason="mine")) == "not_allowed"
    event = keys.open(local_store, "anna").repair_clock(first, reason="it was ahead")
    for store in (local_store, Store(local_store.root, root_key=keys.public("root"))):
        assert store.view().moment == event.at
        assert codes(store) == []
    promoted(keys.open(local_store, "anna"), "second", 100.1, day=1)
    assert codes(Store(local_store.root)) == []


def test_a_family_is_defined_for_all_its_members_or_not_at_all(
    local_store: Store, keys: Keys
) -> None:
    """Who may define the family and not its members changes neither, by an approval either; who
    may do both, both.
    """
    gate = '[gate]\napprovals = 1\napprovers = ["bob", "cyd"]\n'
    text = source("fam", more="[family]\n" + gate)
    define_family(local_store, parse_contract(text), text)
    name = set_of_member(local_store, "fam", "A")
    rights = dict.fromkeys(("define", "approve"), ("fam*",))
    narrow = dict.fromkeys(rights, ("fam",))
    keys.set(local_store, {"anna": rights, "bob": narrow, "cyd": rights})
    anna, bob, cyd = (keys.open(local_store, who) for who in ("anna", "bob", "cyd"))
    tighter, looser = (text.replace("max = 500.0", f"max = {top}") for top in (400.0, 900.0))

    def defined(store: Store, text: str) -> object:
        return define_family(store, parse_contract(text), text)

    assert code_of(lambda: defined(bob, tighter)) == "not_allowed"
    with pytest.raises(GateError) as caught:
        defined(anna, looser)
    request = int(str(caught.value.details["request"]))
    assert code_of(lambda: bob.approve("fam", request)) == "not_allowed"
    assert [len(of_set.contracts) for of_set in bob.view().sets.values()] == [1, 1]
    cyd.approve("fam", request)
    assert cyd.contract(name).columns["value"].max == 900.0
    assert codes(cyd) == []


@pytest.mark.parametrize("catalog", BUCKETS[:1], indirect=True)
def test_a_bucket_with_postgresql_is_signed(store: Store, keys: Keys) -> None:
    """Principals, an approval, a move by SQL that nobody signed, and cold readers, as in a
    folder.
    """
    define(store, more='[gate]\napprovals = 1\napprovers = ["bob"]\n')
    keys.set(store, {"anna": ALL, "bob": ALL})
    anna, bob = keys.open(store, "anna"), keys.open(store, "bob")
    for number, level in enumerate((100.0, 100.1), 1):
        publish(anna, f"run {number}", level, day=number)
        with pytest.raises(GateError) as caught:
            anna.promote(SET, number, reason="good")
        bob.approve(SET, int(str(caught.value.details["request"])))
    assert codes(keys.open(store, "bob", keys.public("root"))) == []
    forged_promotion(store, SET, 1)
    cold = keys.open(store, "bob", keys.public("root"))
    assert (cold.resolve(SET).version, "unauthorised_move" in codes(cold)) == (2, True)
    assert code_of(lambda: anna.rollback(SET, reason="bad")) == "unauthorised_move"
