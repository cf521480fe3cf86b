"""Legal holds: what they keep is neither expired nor deleted, by whomever and whenever."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from estimates import instants
from estimates.errors import ConflictError
from estimates.storage import snapshot
from estimates.store.recover import find_log, rebuild
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import SET, code_of, define, make_store, publish
from tests.invariants import check_all

KEEP_ONE = "[retention]\nkeep_versions = 1\n"


def content_of(store: Store) -> int:
    """The newest event that says which files the set needs."""
    return store.view().set(SET).last_content


@pytest.fixture
def three(store: Store) -> Store:
    """Three versions, of which retention keeps the newest."""
    define(store, more=KEEP_ONE)
    for number in range(3):
        publish(store, f"run {number}", 100 + number, day=number)
    return store


def test_a_held_version_does_not_expire(three: Store) -> None:
    """Neither a sweep nor anybody else expires it; released, it goes with the next sweep."""
    hold = three.hold(SET, 1, reason="case 7")
    assert (hold.version, hold.reason, hold.actor) == (1, "case 7", "tester")
    swept = sweep(three)
    assert (swept.expired, swept.on_hold) == (((SET, 2),), ((SET, 1),))
    with pytest.raises(ConflictError, match=f"legal hold {hold.id} \\(case 7\\)") as caught:
        three.catalog.expire(three.resolve(SET, 1), actor="eve", reason="none")
    assert caught.value.code == "legal_hold"
    assert three.frame(three.resolve(SET, 1)).height == 6
    event = three.release_hold(SET, 1, reason="closed")
    assert (event.kind, event.version, event.details) == ("hold_released", 1, {"hold": hold.id})
    assert sweep(three).expired == ((SET, 1),)
    check_all(three)
    assert verify(three) == []


def test_a_hold_on_a_set_keeps_its_later_versions_too(three: Store) -> None:
    """With `all` no version expires, also none that is published later, until it is released."""
    three.hold(SET, None, reason="audit")
    publish(three, "later", 105.0, day=5)
    assert sweep(three).expired == ()
    assert sweep(three).on_hold == ((SET, 1), (SET, 2), (SET, 3))
    three.release_hold(SET, None, reason="done")
    assert sweep(three).expired == ((SET, 1), (SET, 2), (SET, 3))


def test_a_hold_on_a_set_keeps_files_of_no_version_and_the_trash(local_store: Store) -> None:
    """What is an orphan or in the trash already stays as long as the set is held as a whole."""
    define(local_store, more=KEEP_ONE)
    for number in range(3):
        publish(local_store, f"run {number}", 100 + number, day=number)
    gone = local_store.resolve(SET, 1).snapshot_id
    assert len(sweep(local_store).expired) == 2
    root = Path(local_store.root)
    [today] = (root / "trash").iterdir()
    old = str(instants.now().date() - timedelta(days=9))
    today.rename(root / "trash" / old)
    orphan = root / snapshot.folder(SET, "0" * 64) / "estimates.parquet"
    orphan.parent.mkdir()
    orphan.write_bytes(b"of nobody")
    os.utime(orphan, (time.time() - 30 * 86400,) * 2)
    local_store.hold(SET, None, reason="audit")
    swept = sweep(local_store)
    assert (swept.deleted, swept.emptied) == ((), ())
    assert orphan.exists()
    assert any(gone in name for name in local_store.objects.names("trash"))
    assert not local_store.catalog.claim(SET, ["0" * 64], content_of(local_store))
    local_store.release_hold(SET, None, reason="done")
    swept = sweep(local_store)
    assert (swept.deleted, swept.emptied) == (((SET, "0" * 64),), (old,))


def test_a_hold_ends_a_deletion_that_was_announced(local_store: Store) -> None:
    """A sweep that claimed files before the hold finds, when it comes to delete them, that they
    stay.
    """
    define(local_store, more=KEEP_ONE)
    for number in range(2):
        publish(local_store, f"run {number}", 100 + number, day=number)
    version = local_store.resolve(SET, 1)
    local_store.catalog.expire(version, actor="test", reason="test")
    assert local_store.catalog.claim(SET, [version.snapshot_id], content_of(local_store))
    local_store.hold(SET, None, reason="audit")
    with local_store.catalog.deleting(SET, version.snapshot_id) as is_wanted:
        assert not is_wanted
    local_store.release_hold(SET, None, reason="done")
    assert sweep(local_store).deleted == ((SET, version.snapshot_id),)


def test_of_several_holds_one_is_named(three: Store) -> None:
    """Several hold a version at once; to release one takes its number, and the others go on."""
    first, second = (three.hold(SET, 1, reason=reason) for reason in ("case 7", "case 8"))
    with pytest.raises(ConflictError, match=r"case 7.*case 8") as caught:
        three.release_hold(SET, 1, reason="closed")
    assert caught.value.code == "several_holds"
    three.release_hold(SET, 1, reason="closed", number=first.id)
    assert three.view().set(SET).holds == [second]
    assert sweep(three).on_hold == ((SET, 1),)


@pytest.mark.parametrize(
    ("version", "reason", "code"),
    [(9, "why", "unknown_version"), (1, " ", "reason_needed"), (2, "why", "expired")],
)
def test_what_cannot_be_held(local_store: Store, version: int, reason: str, code: str) -> None:
    """A version that does not exist, one whose files are gone, a hold without a reason."""
    define(local_store)
    for number in range(3):
        publish(local_store, f"run {number}", 100 + number, day=number)
    local_store.catalog.expire(local_store.resolve(SET, 2), actor="test", reason="test")
    assert code_of(lambda: local_store.hold(SET, version, reason=reason)) == code


def test_what_cannot_be_released(local_store: Store) -> None:
    """A hold that does not stand, or stands on something else, or was released already."""
    define(local_store)
    publish(local_store, "run")
    hold = local_store.hold(SET, 1, reason="case 7")

    def release(version: int | None, number: int | None = None) -> str | None:
        return code_of(lambda: local_store.release_hold(SET, version, reason="x", number=number))

    assert (release(None), release(1, 99)) == ("unknown_hold", "unknown_hold")
    assert (release(1, hold.id), release(1)) == (None, "unknown_hold")


def test_holds_come_back_with_the_log_and_are_audited(local_store: Store, tmp_path: Path) -> None:
    """A rebuilt catalog has every hold and every release; an altered row is named and not read."""
    define(local_store)
    publish(local_store, "run")
    local_store.hold(SET, 1, reason="case 7")
    standing = local_store.hold(SET, None, reason="audit")
    local_store.release_hold(SET, 1, reason="closed")
    rebuilt = make_store(tmp_path / "rebuilt")
    rebuild(find_log(local_store.objects), rebuilt.catalog)
    assert rebuilt.view().set(SET).holds == [standing]
    assert rebuilt.catalog.audit() == []
    rebuilt.catalog.engine.dispose()
    for change in ("ended_at = NULL", "reason = 'none'", "ended_at = 1"):
        statement = f"UPDATE holds SET {change} WHERE version IS "
        statement += "NOT NULL" if change == "ended_at = NULL" else "NULL"
        with local_store.catalog.engine.connect() as tx, tx.begin() as begun:
            tx.execute(sa.text(statement))
            begun.commit()
        assert {fault.code for fault in local_store.catalog.audit()} == {"record_damaged"}
