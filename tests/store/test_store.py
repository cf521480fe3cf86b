"""The store as a whole: the story of a set, names that nobody knows, retention, SQL; each way has
tests of its own.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from estimates.catalog.records import Provenance
from estimates.errors import GateError, NotFoundError
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import (
    SET,
    START,
    TARGETS,
    TICKERS,
    code_of,
    define,
    frame,
    promoted,
    provenance,
    publish,
)
from tests.invariants import check_all


def test_the_story(store: Store) -> None:
    """Publish, judge, promote, a better one, a bad one refused, roll back, promote forward with a
    reason.
    """
    define(store)
    promoted(store, "monday", 100.0)
    promoted(store, "tuesday", 100.1, day=1)
    bad = publish(store, "wednesday", 900.0, day=2)
    verdict = store.judge(SET, bad.version)
    assert verdict.blocks
    assert {check.name for check in verdict.failing()} == {
        "hard_bounds",
        "p95_change",
        "jumps",
        "median_shift",
    }
    with pytest.raises(GateError) as caught:
        store.promote(SET, bad.version, reason="looks fine to me")
    assert caught.value.code == "blocked"
    assert store.resolve(SET).version == 2
    store.rollback(SET, reason="a customer complains")
    assert store.resolve(SET).version == 1
    publish(store, "thursday", 100.2, day=3)
    assert code_of(lambda: store.promote(SET, 4, automatic=True)) == "held"
    store.promote(SET, 4, reason="checked by hand")
    states = [store.state(version) for version in store[SET].versions()]
    assert states == ["superseded", "rolled_back", "refused", "production"]
    kinds = [event.kind for event in store.view().set(SET).events if event.alias]
    assert kinds == ["promoted", "promoted", "rolled_back", "promoted"]
    check_all(store)


def test_a_refused_version_is_read_by_number_only(store: Store) -> None:
    """A refused version answers by its number and is reached neither by an alias nor by
    `latest`.
    """
    define(store)
    promoted(store, "good")
    publish(store, "bad", 900.0)
    store.judge(SET, 2)
    assert store[SET].get(TICKERS[0], TARGETS[0], ref=2)["value"] > 800
    assert store.resolve(SET, "latest").version == 1


def test_unknown_names_are_not_found(store: Store) -> None:
    """A set or version that is not there is a NotFoundError from every call."""
    for act in (
        lambda: store["nothing"],
        lambda: store.publish("nothing", frame(), provenance("run")),
        lambda: store.judge("nothing", 1),
        lambda: store.promote("nothing", 1, reason="test"),
        lambda: store.rollback("nothing", reason="test"),
        lambda: store.resolve("nothing"),
        lambda: store.contract("nothing"),
        lambda: store.runs("nothing"),
    ):
        with pytest.raises(NotFoundError) as caught:
            act()
        assert caught.value.code == "unknown_set"
    define(store)
    assert code_of(lambda: store.judge(SET, 1)) == "unknown_version"
    assert code_of(lambda: store.promote(SET, 1, reason="test")) == "unknown_version"
    assert code_of(lambda: store.rollback(SET, reason="test")) == "nothing_promoted"


def test_a_time_without_zone_is_refused() -> None:
    """A data_through that names no instant is refused before anything is stored, and so is an empty
    run_id.
    """
    assert code_of(lambda: Provenance(datetime(2024, 1, 1), "run")) == "bad_time"
    assert code_of(lambda: Provenance(START, " ")) == "bad_run_id"


def test_retention(store: Store) -> None:
    """Versions that no rule keeps expire and lose their files; production, its predecessors and the
    newest stay.
    """
    define(store, more="[retention]\nkeep_versions = 2\n")
    for i in range(14):
        promoted(store, f"run {i}", 100 + i / 100)
    for i in range(3):
        publish(store, f"candidate {i}", 101 + i / 100)
    swept = sweep(store)
    # 14 is production, 4 to 13 its last ten predecessors, 16 and 17 the newest two.
    assert [number for _, number in swept.expired] == [1, 2, 3, 15]
    assert len(swept.deleted) == 4
    check_all(store)
    assert verify(store) == []
    assert sweep(store).expired == ()
    with pytest.raises(NotFoundError) as caught:
        store[SET].get(TICKERS[0], TARGETS[0], ref=15)
    assert caught.value.code == "expired"
    assert publish(store, "the same again", 101.0).version == 18
    check_all(store)


def test_sql_over_versions(store: Store) -> None:
    """Researchers query all versions, or one by ref, with DuckDB."""
    define(store)
    promoted(store, "first", 100.0)
    promoted(store, "second", 100.1)
    publish(store, "third", 100.2)
    counted = store.sql(
        f'SELECT version, count(*) AS n FROM "{SET}" GROUP BY version ORDER BY version'
    )
    assert counted.rows() == [(1, 6), (2, 6), (3, 6)]
    assert store.sql(f"SELECT DISTINCT version FROM \"{SET}_at\"('production')").item() == 2
    assert code_of(lambda: store.sql("SELECT nothing")) == "bad_query"
