"""The catalog's promises: time that never goes back, one winner, views that agree, sweeps that take
nothing needed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import estimates_migrations
from estimates import instants
from estimates.catalog import clock
from estimates.catalog.catalog import Catalog
from estimates.catalog.records import Version
from estimates.catalog.set_view import SetView
from estimates.contract.conform import conform
from estimates.errors import (
    ConflictError,
    CorruptError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from estimates.storage import snapshot
from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.builders import SET, code_of, define, frame, make_store, promoted, provenance, publish
from tests.invariants import check_all


def test_time_never_goes_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that is set back published_at still grows, and the newest moment can be asked
    about.
    """
    monkeypatch.setattr(clock, "AGREEMENT", timedelta(days=1))  # PostgreSQL's own is not turned
    define(store)
    start = instants.now()
    for hours in (0, -5, -5, 1):
        monkeypatch.setattr(instants, "now", lambda h=hours: start + timedelta(hours=h))
        promoted(store, f"run {len(store[SET].versions())}", 100 + len(store[SET].versions()) / 10)
        newest = store[SET].versions()[-1]
        assert store.resolve(SET, as_of=store.view().moment) == newest
    check_all(store)
    times = [version.published_at for version in store[SET].versions()]
    assert times == sorted(set(times))
    assert times[-1] == start + timedelta(hours=1)


def test_as_of_in_the_future_is_refused(store: Store) -> None:
    """A moment after the clock and after the newest event cannot be asked about."""
    define(store)
    promoted(store, "run")
    later = instants.now() + timedelta(hours=1)
    assert code_of(lambda: store.resolve(SET, as_of=later)) == "as_of_in_future"


def test_as_of_with_a_number_is_refused(store: Store) -> None:
    """A version number means the same at all times, so as_of with it is a mistake that is said."""
    define(store)
    promoted(store, "run")
    moment = store.view().moment
    assert code_of(lambda: store.resolve(SET, 1, moment)) == "as_of_with_number"
    assert code_of(lambda: store.resolve(SET, "1", moment)) == "as_of_with_number"


def test_as_of_is_inclusive(store: Store) -> None:
    """At the very moment of a promotion the new version answers, a microsecond before it the old
    one.
    """
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1)
    moved = store.view().set(SET).aliases["production"].moved_at
    assert store.resolve(SET, as_of=moved).version == 2
    assert store.resolve(SET, as_of=moved - timedelta(microseconds=1)).version == 1


def test_before_the_first_promotion_the_error_names_it(store: Store) -> None:
    """Before the first promotion: 404 with the first time there was an answer."""
    define(store)
    publish(store, "run")
    before = store.view().moment
    store.judge(SET, 1)
    first = store.promote(SET, 1, reason="test").at
    with pytest.raises(NotFoundError) as caught:
        store.resolve(SET, as_of=before)
    assert caught.value.code == "before_first"
    assert caught.value.details["first"] == instants.text(first)
    assert store.resolve(SET, as_of=first).version == 1


def test_latest_as_of_knows_only_the_verdicts_of_then(store: Store) -> None:
    """`latest` at a moment goes by the verdicts known at that moment, later ones change nothing."""
    define(store, maximum=500)
    promoted(store, "first", 100.0)
    publish(store, "second", 101.0)
    store.judge(SET, 2)
    then = store.view().moment
    define(store, maximum=100.5)
    store.judge(SET, 2)
    assert store.resolve(SET, "latest").version == 1
    assert store.resolve(SET, "latest", then).version == 2


def test_an_unjudged_version_is_not_the_latest(store: Store) -> None:
    """`latest` is never a version without a verdict, nor a refused one."""
    define(store)
    publish(store, "unjudged")
    assert code_of(lambda: store.resolve(SET, "latest")) == "nothing_promoted"
    publish(store, "refused", 900.0)
    store.judge(SET, 2)
    assert code_of(lambda: store.resolve(SET, "latest")) == "nothing_promoted"
    assert [store.state(version) for version in store[SET].versions()] == ["unjudged", "refused"]


def test_unknown_refs(store: Store) -> None:
    """A ref that names nothing is a NotFoundError, whatever it looks like."""
    define(store)
    promoted(store, "run")
    for ref in (0, -1, 2, "2", "02"):
        assert code_of(lambda r=ref: store.resolve(SET, r)) == "unknown_version"
    for ref in ("canary", "", "9" * 5000, "٣", "1.0", "Production"):
        assert code_of(lambda r=ref: store.resolve(SET, r)) == "unknown_alias"


def test_one_of_two_promotions_is_told(open_store: Callable[..., Store]) -> None:
    """Two that saw the same alias: the first moves it, the second is told that it moved and leaves
    no event.
    """
    one_store, two = open_store("one"), open_store("two")
    define(one_store)
    promoted(one_store, "first", 100.0)
    candidates = [publish(one_store, f"candidate {i}", 100.1 + i / 10) for i in range(2)]
    assert two.resolve(SET).version == 1
    act = {"alias": "production", "seen": two.view().set(SET)}
    one_store.catalog.promote(candidates[0], actor="one", **act)
    events = one_store.view().last_event
    assert code_of(lambda: two.catalog.promote(candidates[1], actor="two", **act)) == "moved"
    assert two.view().last_event == events
    first = {"alias": "canary", "seen": two.view().set(SET)}
    one_store.catalog.promote(candidates[0], actor="one", **first)
    assert code_of(lambda: two.catalog.promote(candidates[1], actor="two", **first)) == "moved"
    check_all(one_store)


def test_a_hold_that_came_meanwhile_stops_automatic_promotion(store: Store) -> None:
    """Production that left and came back, now held, has moved for whoever looked before, and is
    held for the others.
    """
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1)
    candidate = publish(store, "third", 100.2)
    store.rollback(SET, reason="bad")
    before = store.view().set(SET)
    store.promote(SET, 2, reason="not so bad")
    store.rollback(SET, reason="bad after all")
    act = {"alias": "production", "actor": "run"}
    assert (
        code_of(lambda: store.catalog.promote(candidate, seen=before, automatic=True, **act))
        == "held"
    )
    assert (
        code_of(lambda: store.catalog.promote(candidate, seen=before, reason="good", **act))
        == "moved"
    )
    now = store.view().set(SET)
    assert (
        code_of(lambda: store.catalog.promote(candidate, seen=now, automatic=True, **act)) == "held"
    )
    store.catalog.promote(candidate, seen=now, reason="good", **act)
    check_all(store)


def test_publishing_under_an_old_contract_is_told(open_store: Callable[..., Store]) -> None:
    """A contract that was defined anew between reading and committing stops publishing and
    promoting.
    """
    one_store, two = open_store("one"), open_store("two")
    define(one_store)
    version = publish(one_store, "first")
    old = one_store.view().set(SET).contracts[-1]
    define(two, maximum=300)
    publish_old = {"rows": 6, "provenance": provenance("second"), "actor": "one"}
    assert (
        code_of(lambda: one_store.catalog.publish(old, version.snapshot_id, **publish_old))
        == "contract_changed"
    )
    other = publish(two, "second", 100.1)
    act = {"alias": "production", "seen": SetView([old], [version], [], {}), "actor": "one"}
    assert code_of(lambda: one_store.catalog.promote(other, **act)) == "contract_changed"


def content_of(store: Store) -> int:
    """The newest event that says which files the set needs."""
    return store.view().set(SET).last_content


def test_only_one_of_two_sweeps_deletes(store: Store) -> None:
    """A sweep so slow that the files were written again meanwhile finds its claim gone and deletes
    nothing.
    """
    define(store)
    version = publish(store, "run")
    store.catalog.expire(version, actor="test", reason="test")
    claimed, seen = (SET, version.snapshot_id), content_of(store)
    assert store.catalog.claim(SET, [version.snapshot_id], seen)  # the slow one
    assert store.catalog.claim(SET, [version.snapshot_id], seen)  # the fast one
    with pytest.raises(UnavailableError) as caught:
        store.catalog.publish(
            store.view().set(SET).contracts[-1],
            version.snapshot_id,
            6,
            provenance("other"),
            actor="test",
            claims_seen=2,
        )
    assert caught.value.code == "being_swept"
    assert (store.catalog.last_claim(SET), store.catalog.unfinished()) == (2, [claimed])
    with store.catalog.deleting(*claimed) as wanted:
        assert wanted
    publish(store, "again")
    with store.catalog.deleting(*claimed) as wanted:
        assert not wanted
    assert not store.catalog.claim(SET, [version.snapshot_id], seen)
    check_all(store)


def test_what_an_alias_points_to_never_expires(store: Store) -> None:
    """Expiring production is a conflict; expiring twice is told."""
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1)
    first, second = store[SET].versions()
    assert code_of(lambda: store.catalog.expire(second, actor="test", reason="test")) == "in_use"
    store.catalog.expire(first, actor="test", reason="test")
    assert code_of(lambda: store.catalog.expire(first, actor="test", reason="test")) == "expired"
    assert code_of(lambda: store.promote(SET, 1, reason="test")) == "expired"
    assert code_of(lambda: store.rollback(SET, reason="test")) == "nothing_before"
    assert code_of(lambda: store.rollback(SET, reason="test", to=1)) == "expired"
    assert store.state(store.resolve(SET, 1)) == "expired"


def test_runs_are_kept_and_resumed(store: Store) -> None:
    """A run's row says how far it came; the same run_id goes on, for another set or another time it
    is a conflict.
    """
    define(store)
    through = datetime(2024, 1, 2, tzinfo=UTC)
    store.catalog.begin_run("a", SET, through)
    store.catalog.update_run(
        "a", step="publish", status="failed", error="storage", message="gone", finished=True
    )
    failed = store.runs(SET)[0]
    assert (failed.status, failed.step, failed.error) == ("failed", "publish", "storage")
    assert store.catalog.begin_run("a", SET, through).status == "running"
    other = through + timedelta(days=1)
    assert code_of(lambda: store.catalog.begin_run("a", SET, other)) == "run_id_reused"
    assert code_of(lambda: store.catalog.begin_run("a", "other", through)) == "run_id_reused"


def test_a_view_keeps_its_moment(store: Store) -> None:
    """A view that was taken earlier goes on giving the answers of its moment."""
    define(store)
    promoted(store, "first", 100.0)
    view = store.view()
    promoted(store, "second", 100.1)
    store.rollback(SET, reason="bad")
    assert view.resolve(SET).version == 1
    assert len(view.set(SET).versions) == 1
    assert store.view() is not view


def test_production_spans_join_up(store: Store) -> None:
    """The spans of all versions cover the time since the first promotion, without overlap."""
    define(store)
    for i in range(3):
        promoted(store, f"run {i}", 100 + i / 10)
    store.rollback(SET, reason="bad")
    view = store.view()
    spans = [span for version in (1, 2, 3) for span in view.set(SET).spans.get(version, [])]
    spans.sort(key=lambda span: span[0])
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert spans[-1][1] is None
    assert len(view.set(SET).spans.get(2, [])) == 2


def test_no_store(tmp_path: Path) -> None:
    """Where there is no store the error says how to make one."""
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NotFoundError) as caught:
            Store(root)
        assert caught.value.code == "no_store"
        assert "init" in caught.value.message


def test_a_damaged_catalog_is_said(local_store: Store) -> None:
    """A catalog file that is no database is a CorruptError, not a trace."""
    local_store.catalog.engine.dispose()
    path = Path(local_store.root) / "catalog.db"
    for file in path.parent.glob("catalog.db*"):
        file.write_bytes(b"no database" * 1000)
    with pytest.raises(CorruptError) as caught:
        Store(local_store.root)
    assert caught.value.code == "catalog_damaged"


def test_an_unreachable_catalog_is_said() -> None:
    """A PostgreSQL that does not answer is an UnavailableError that hides the password."""
    with pytest.raises(UnavailableError) as caught:
        Catalog("postgresql://user:secret@127.0.0.1:9/nothing")
    assert caught.value.code == "catalog"
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("alias", ["latest", "12", "", "a/b", "a-b c"])
def test_bad_aliases(local_store: Store, alias: str) -> None:
    """A name that would read as another kind of ref cannot be an alias."""
    define(local_store)
    publish(local_store, "run")
    with pytest.raises(InvalidError) as caught:
        local_store.promote(SET, 1, reason="test", alias=alias)
    assert caught.value.code == "bad_alias"


def test_an_alias_of_ones_own(store: Store) -> None:
    """Another alias moves, rolls back and is held by itself; production stays where it was."""
    define(store)
    for i in range(3):
        publish(store, f"run {i}", 100 + i / 10)
        store.promote(SET, i + 1, reason="try", alias="canary")
    assert code_of(lambda: store.resolve(SET)) == "nothing_promoted"
    store.promote(SET, 1, reason="release")
    store.rollback(SET, reason="bad", alias="canary")
    assert (store.resolve(SET, "canary").version, store.resolve(SET).version) == (2, 1)
    holds = {alias.alias: alias.held for alias in store.view().set(SET).aliases.values()}
    assert holds == {"canary": True, "production": False}
    # What one alias was rolled back from is promoted automatically to none.
    with pytest.raises(ConflictError) as caught:
        store.promote(SET, 3, automatic=True)
    assert caught.value.code == "rolled_back"
    check_all(store)


def test_a_publisher_whose_files_were_swept_is_told(store: Store) -> None:
    """Two publishers of one content and a sweep: neither commits a version whose files were deleted
    after writing.
    """
    define(store)
    revision = store.view().set(SET).contracts[-1]
    rows, shape = conform(frame(100.0), store.contract(SET)), store.contract(SET).shape()
    content = snapshot.write(store.objects, SET, rows, shape).snapshot_id
    assert sweep(store, grace=timedelta(0)).deleted == ((SET, content),)
    publish(store, "the other one")  # writes the files again and commits
    act = {"actor": "slow", "claims_seen": 0}
    assert (
        code_of(lambda: store.catalog.publish(revision, content, 6, provenance("slow"), **act))
        == "being_swept"
    )
    check_all(store)


def test_a_sweep_that_died_does_not_stop_publishing(store: Store) -> None:
    """Who publishes content whose deletion was announced and not done finishes the deletion and
    writes the files.
    """
    define(store)
    version = publish(store, "run")
    store.catalog.expire(version, actor="test", reason="test")
    assert store.catalog.claim(SET, [version.snapshot_id], content_of(store))
    assert publish(store, "again").snapshot_id == version.snapshot_id
    check_all(store)


def test_another_alias_moves_only_if_production_did_not(store: Store) -> None:
    """Check 44 holds for every alias: a verdict against a production that moved meanwhile promotes
    nothing.
    """
    define(store)
    promoted(store, "first", 100.0)
    candidate = publish(store, "second", 100.1)
    seen = store.view().set(SET)
    promoted(store, "third", 100.2)
    act = {"alias": "staging", "seen": seen, "actor": "test", "reason": "try"}
    assert code_of(lambda: store.catalog.promote(candidate, **act)) == "moved"


def test_a_catalog_that_came_back_from_a_backup_is_read_from_scratch(tmp_path: Path) -> None:
    """A process that looked at the catalog before it was restored shows just what the restored one
    holds.
    """
    store = make_store(tmp_path)
    define(store)
    publish(store, "first", 100.0)
    store.catalog.engine.dispose()
    saved = (tmp_path / "catalog.db").read_bytes()
    publish(store, "second", 100.1)
    publish(store, "third", 100.2)
    assert len(store[SET].versions()) == 3
    store.catalog.engine.dispose()
    for left in ("catalog.db-wal", "catalog.db-shm"):
        (tmp_path / left).unlink(missing_ok=True)
    (tmp_path / "catalog.db").write_bytes(saved)
    shutil.rmtree(tmp_path / "log")  # its copies came back from the same backup
    publish(Store(tmp_path), "other", 101.0)
    assert [v.provenance.run_id for v in store[SET].versions()] == ["first", "other"]


def test_the_mlflow_run_of_a_version_is_recorded_once(store: Store) -> None:
    """The same MLflow run again is no event; another one is a conflict."""
    define(store)
    version = publish(store, "run")
    store.set_mlflow_run(SET, version.version, "m1")
    events = store.view().last_event
    store.set_mlflow_run(SET, version.version, "m1")
    assert store.view().last_event == events
    assert code_of(lambda: store.set_mlflow_run(SET, version.version, "m2")) == "already_tracked"


@pytest.mark.parametrize("text", ["a\0b", "half \ud800", "long " * 2001])
def test_text_that_no_database_can_hold_is_refused(store: Store, text: str) -> None:
    """A NUL, half a character or a whole book as reason or run_id is an error on both databases."""
    define(store)
    promoted(store, "run")
    assert code_of(lambda: store.rollback(SET, reason=text)) in ("bad_text", "nothing_before")
    assert code_of(lambda: publish(store, text)) == "bad_text"
    assert (
        code_of(lambda: store.promote(SET, publish(store, "next", 100.1).version, reason=text))
        == "bad_text"
    )


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "postgresql://host:port/db"])
def test_a_catalog_url_that_cannot_be_one_is_refused(tmp_path: Path, url: str) -> None:
    """A catalog URL of another kind is bad input, for the store and for migrations."""
    assert code_of(lambda: Store(tmp_path, catalog=url)) == "bad_catalog"
    assert code_of(lambda: estimates_migrations.upgrade(url)) == "bad_catalog"


def test_what_was_served_since_it_was_looked_at_does_not_expire(store: Store) -> None:
    """A version that production pointed to after a sweep had decided stays, also when production
    has left it again.
    """
    define(store)
    promoted(store, "one")
    two = publish(store, "two", 100.1)
    seen = store.view().last_event
    store.judge(SET, 2)
    store.promote(SET, 2, reason="test")
    store.rollback(SET, reason="test")
    assert code_of(lambda: expire(store, two, seen)) == "in_use"
    assert code_of(lambda: expire(store, two, store.view().last_event)) is None


def expire(store: Store, version: Version, seen: int) -> None:
    """What a sweep does that looked at the catalog when this event was the newest."""
    store.catalog.expire(version, actor="test", reason="test", seen=seen)
