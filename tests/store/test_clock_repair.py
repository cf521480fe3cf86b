"""A log that a clock ahead of time wrote into, and its repair: what names meant is right again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

import estimates_migrations
from estimates import instants
from estimates.catalog.at import At
from estimates.catalog.event_chain import link
from estimates.errors import RefusedError
from estimates.store.recover import find_log, rebuild
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from estimates_api.app import create_app
from tests.builders import SET, code_of, define, make_store, promoted, publish
from tests.invariants import check_all
from tests.s3_server import S3Server
from tests.waiting import until

AHEAD = timedelta(days=400)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Turns this process's clock."""
    clock = instants.now

    def turn(by: timedelta) -> None:
        monkeypatch.setattr(instants, "now", lambda: clock() + by)

    return turn


@pytest.fixture
def poisoned(local_store: Store, ahead: Callable[[timedelta], None]) -> Store:
    """Version 1 promoted; version 2 promoted by a clock 400 days ahead; version 3 since then."""
    define(local_store)
    promoted(local_store, "one")
    wrong = Store(local_store.root, actor="wrong", clock_is_right=True)
    ahead(AHEAD)
    promoted(wrong, "two", 100.1)
    wrong.catalog.engine.dispose()
    ahead(timedelta())
    promoted(local_store, "three", 100.2)
    return local_store


def named(store: Store, as_of: datetime) -> int:
    """The version that production was at a moment."""
    return store.refresh().resolve(SET, At(as_of=as_of)).version


def first_ahead(store: Store) -> int:
    """The first event that lies ahead of the clock."""
    return next(e.id for e in store.view().events() if e.at > instants.now())


def test_what_names_mean_now_is_right_after_the_repair(poisoned: Store) -> None:
    """Before, as_of now means version 1 for 400 days; from the repair on it means version 3, and
    what is promoted then counts from when it was.
    """
    store = poisoned
    before = instants.now()
    assert named(store, before) == 1
    event = store.repair_clock(first_ahead(store), reason="build-3 was ahead")
    assert (event.kind, event.set, event.details["first"]) == ("clock_repaired", "", 5)
    assert event.at <= instants.now()
    assert named(store, event.at) == 3
    assert named(store, instants.now()) == 3
    assert named(store, before) == 1
    promoted(store, "four", 100.3)
    assert store.view().moment <= instants.now()
    assert (named(store, event.at), named(store, instants.now())) == (3, 4)
    check_all(store)
    assert verify(store) == []


def test_a_run_in_the_future_hides_none(
    local_store: Store, ahead: Callable[[timedelta], None]
) -> None:
    """The last run is not the one that began by a clock 400 days ahead, but the one after it."""
    for run_id, by in (("one", timedelta()), ("wrong", AHEAD), ("two", timedelta())):
        ahead(by)
        local_store.catalog.begin_run(run_id, SET, instants.now() - by)
    assert [run.run_id for run in local_store.catalog.runs(SET)] == ["two", "one", "wrong"]
    assert [run.run_id for run in local_store.catalog.runs(SET, 1)] == ["two"]


def test_an_answer_to_as_of_stays_as_it_was(poisoned: Store) -> None:
    """What was asked of moments up to the repair, and of the recorded time of any event, also one
    that lies ahead, has the same answer after the repair.
    """
    store = poisoned
    events = list(store.view().events())
    promotions = [e.at for e in events if e.kind == "promoted"]
    moments = [*(e.at for e in events if e.at >= promotions[0]), instants.now()]
    before = [named(store, moment) for moment in moments]
    assert set(before) == {1, 2, 3}
    store.repair_clock(first_ahead(store), reason="test")
    promoted(store, "four", 100.3)
    assert [named(store, moment) for moment in moments] == before


def test_what_is_derived_has_the_times_that_count(poisoned: Store) -> None:
    """Publications, times in production and the log are at most the repair's, in order; versions,
    moves and events agree, in a view that is read anew and in one that goes on.
    """
    store = poisoned
    store.view()
    event = store.repair_clock(first_ahead(store), reason="test")
    for view in (store.view(), Store(store.root).view()):
        of_set = view.set(SET)
        events = list(view.events())
        assert [e.id for e in events] == list(range(1, event.id + 1))
        assert events[-1].at == event.at
        assert [e.at for e in events] == sorted({e.at for e in events})
        published = {e.version: e.at for e in events if e.kind == "published"}
        assert {v.version: v.published_at for v in of_set.versions} == published
        moves = [e.at for e in events if e.kind == "promoted"]
        assert [at for at, _ in of_set.moves["production"]] == moves
    assert store.rollback(SET, reason="an alias that moved ahead of time moves still").version == 2


def test_a_repair_is_an_event_like_others(poisoned: Store) -> None:
    """It is chained, copied, audited, and rebuilt with the log; a second one repairs nothing."""
    store = poisoned
    store.repair_clock(first_ahead(store), reason="test")
    publish(store, "four", 100.3)
    assert store.catalog.audit() == []
    rebuilt = make_store(store.read_files.folder / "rebuilt")
    rebuild(find_log(store.objects), rebuilt.catalog)
    assert list(rebuilt.view().events()) == list(store.view().events())
    assert rebuilt.catalog.audit() == []
    rebuilt.catalog.engine.dispose()
    assert code_of(lambda: store.repair_clock(1, reason="test")) == "clock_not_ahead"


def test_a_repair_by_a_clock_that_was_ahead_too_is_repaired(
    local_store: Store, ahead: Callable[[timedelta], None]
) -> None:
    """Who repairs 400 days with a clock that is 50 days ahead is repaired in turn."""
    define(local_store)
    local_store.catalog.clock_is_right = True
    ahead(AHEAD)
    promoted(local_store, "one")
    ahead(timedelta(days=50))
    local_store.repair_clock(2, reason="half right")
    ahead(timedelta())
    assert code_of(lambda: named(local_store, instants.now())) == "before_first"
    local_store.repair_clock(2, reason="right")
    assert named(local_store, instants.now()) == 1
    assert local_store.catalog.audit() == []
    check_all(local_store)


def test_only_who_knows_the_first_event_repairs(
    poisoned: Store, ahead: Callable[[timedelta], None]
) -> None:
    """Another number is refused with what the clock says, so that a clock which is behind takes
    nothing for ahead that is right; and without anything ahead there is nothing to repair.
    """
    store = poisoned
    first, last = first_ahead(store), store.view().last_event
    assert code_of(lambda: store.repair_clock(first + 1, reason="test")) == "not_the_first"
    ahead(timedelta(days=-30))
    assert code_of(lambda: store.repair_clock(first, reason="test")) == "not_the_first"
    ahead(AHEAD + timedelta(hours=1))
    assert code_of(lambda: store.repair_clock(first, reason="test")) == "clock_not_ahead"
    ahead(timedelta())
    assert code_of(lambda: store.repair_clock(first, reason=" ")) == "reason_needed"
    assert store.refresh().last_event == last


def test_nothing_is_written_after_a_long_pause(
    local_store: Store, ahead: Callable[[timedelta], None]
) -> None:
    """Thirty-one days after the last event, with one clock, neither files nor rows are written,
    before somebody says that the clock is right.
    """
    define(local_store)
    promoted(local_store, "one")
    names, last = local_store.objects.names(""), local_store.view().last_event
    ahead(timedelta(days=31))
    for act in (
        lambda: publish(local_store, "two", 100.1),
        lambda: local_store.judge(SET, 1),
        lambda: sweep(local_store),
        lambda: local_store.hold(SET, 1, reason="test"),
        lambda: define(local_store, maximum=7.0),
    ):
        assert code_of(act) == "clock_jump"
    assert (local_store.objects.names(""), local_store.refresh().last_event) == (names, last)
    assert publish(Store(local_store.root, clock_is_right=True), "two", 100.1).version == 2
    assert publish(local_store, "three", 100.1).version == 3


@pytest.mark.slow
def test_a_service_follows_a_repair(poisoned: Store) -> None:
    """It tells the repair among the events, and what names mean now is right."""
    store = poisoned
    path = f"/v1/sets/{SET}/versions/production"
    with TestClient(create_app(store)) as client:
        moment = client.get("/v1/sets").headers["estimates-as-of"]
        before = client.get(path, params={"as_of": moment}).json()["version"]
        event = store.repair_clock(first_ahead(store), reason="test")
        until(lambda: client.get("/v1/events").json()["last_event"] == event.id)
        listed = client.get("/v1/events", params={"after": event.id - 1}).json()["events"]
        assert [(e["id"], e["set"], e["kind"]) for e in listed] == [
            (event.id, "", "clock_repaired")
        ]
        now = {"as_of": instants.text(instants.now())}
        assert client.get(path, params=now).json()["version"] == 3
        assert client.get(path, params={"as_of": moment}).json()["version"] == before == 3
        since = client.get("/v1/sets").json()["sets"][0]["aliases"]["production"]["moved_at"]
        assert since < instants.text(event.at)


@pytest.mark.slow
def test_a_database_says_what_time_it_is(
    open_store: Callable[..., Store],
    catalog: str | None,
    ahead: Callable[[timedelta], None],
) -> None:
    """With PostgreSQL a clock that is six minutes off writes nothing, whoever vouches for it, and a
    long pause is no reason to ask.
    """
    if catalog is None:
        pytest.skip("SQLite has no clock")
    store = open_store()
    define(store)
    last = store.view().last_event
    for minutes in (6, -6):
        ahead(timedelta(minutes=minutes))
        store.catalog.clock_is_right = True
        with pytest.raises(RefusedError, match="that of the catalog") as caught:
            publish(store, "one")
        assert caught.value.code == "clock_differs"
    ahead(timedelta(minutes=4))
    assert store.refresh().last_event == last
    assert publish(store, "one").version == 1


@pytest.mark.slow
def rest_for_a_year(store: Store) -> None:
    """Make the only event of a store a year older, and its link with it."""
    (entry,) = store.catalog.entries()
    event = msgspec.structs.replace(entry.event, at=entry.event.at - timedelta(days=365))
    digest = link(entry.previous, event, entry.record_digests())
    values = {"at": instants.micros(event.at), "digest": digest}
    with store.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE events SET at = :at, digest = :digest"), values)
        tx.execute(sa.text("UPDATE log SET last_at = :at, head = :digest"), values)


def test_a_bucket_says_what_time_it_is(
    s3: S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ahead: Callable[[timedelta], None],
) -> None:
    """In a bucket a clock that is six minutes off writes nothing of the store; one that agrees with
    the bucket's writes after any pause.
    """
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    root = f"s3://{s3.bucket()}/store"
    estimates_migrations.upgrade(url)
    store = Store(root, catalog=url, cache=tmp_path / "cache")
    define(store)
    rest_for_a_year(store)
    for name in store.objects.names("log"):  # which tell of the year without the rest
        store.objects.delete(name)
    names = store.objects.names("")
    for minutes in (6, -6):
        ahead(timedelta(minutes=minutes))
        other = Store(root, catalog=url, cache=tmp_path / "cache")
        with pytest.raises(RefusedError, match=root) as caught:
            publish(other, "one")
        assert caught.value.code == "clock_differs"
        other.catalog.engine.dispose()
    assert store.objects.names("") == names
    ahead(timedelta(minutes=4))
    assert publish(store, "one").version == 1
    store.catalog.engine.dispose()
