"""A lost catalog is rebuilt from its log, byte for byte where bytes matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import estimates_migrations
from estimates.catalog.catalog import Catalog
from estimates.catalog.engine import writing
from estimates.catalog.event_log import append, next_event
from estimates.errors import CorruptError
from estimates.storage.log_copies import name_of
from estimates.storage.objects import Objects
from estimates.store.open_store import catalog_url
from estimates.store.recover import find_log, rebuild
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.api.served import fill
from tests.builders import SET, code_of, define, promoted, publish
from tests.invariants import check_all
from tests.store.catalog_rows import lose_catalog, recovered, rows


def test_a_rebuilt_catalog_is_the_lost_one(local_store: Store) -> None:
    """Versions in every state, verdicts, waivers, holds: every row comes back, and the store goes
    on.
    """
    fill(local_store)
    before = rows(local_store)
    answers = check_all(local_store)
    lose_catalog(local_store)
    store = recovered(local_store.root)
    assert rows(store) == before
    check_all(store, answers)
    assert verify(store) == []
    version = publish(store, "after", 100.3)
    store.judge(SET, version.version)
    check_all(store, answers)


def test_an_expired_version_stays_expired(local_store: Store) -> None:
    """What later events said of earlier records is said again."""
    define(local_store, more="[retention]\nkeep_versions = 1\n")
    for number in range(14):
        promoted(local_store, f"run {number}", 100 + number / 100)
    store_run = local_store.resolve(SET, 14)
    local_store.set_mlflow_run(SET, store_run.version, "m1")
    until = "2100-01-01"
    waiver = local_store.waive(SET, "hard_bounds", 14, reason="test", until=until)
    local_store.unwaive(SET, waiver.id, reason="test")
    assert sweep(local_store).expired
    before = rows(local_store)
    lose_catalog(local_store)
    assert rows(recovered(local_store.root)) == before


def test_snapshots_that_no_event_names_are_counted(local_store: Store) -> None:
    """What was published by events that are lost with the end of the log."""
    define(local_store)
    promoted(local_store, "first")
    event = local_store.catalog.last_event()
    publish(local_store, "second", 100.3)
    for lost in range(event + 1, local_store.catalog.last_event() + 1):
        local_store.objects.delete(name_of(lost))
    lose_catalog(local_store)
    log = find_log(local_store.objects)
    estimates_migrations.upgrade(catalog_url(local_store.root))
    assert rebuild(log, Catalog(catalog_url(local_store.root))).unnamed == 1


def test_nothing_is_overwritten(local_store: Store) -> None:
    """A catalog that holds events is left alone."""
    define(local_store)
    log = find_log(local_store.objects)
    assert code_of(lambda: rebuild(log, local_store.catalog)) == "catalog_not_empty"


@pytest.mark.parametrize("event", [1, 3])
def test_a_gap_or_damage_in_the_log_is_named(local_store: Store, event: int) -> None:
    """A copy that is missing below the newest, altered or cut is told by its name."""
    define(local_store)
    promoted(local_store, "first")
    name = name_of(event)
    content = local_store.objects.get(name)
    for damage in (content[:-1], content.replace(b"tester", b"others"), b"\xff"):
        local_store.objects.put(name, damage)
        with pytest.raises(CorruptError, match=name) as caught:
            list(find_log(local_store.objects).entries())
        assert caught.value.code == "log_damaged"
    local_store.objects.delete(name)
    with pytest.raises(CorruptError, match=name) as caught:
        find_log(local_store.objects)
    assert caught.value.code == "log_gap"


def test_a_root_without_a_log_is_refused(tmp_path: Path) -> None:
    """Where nothing was ever written there is nothing to rebuild from."""
    assert code_of(lambda: find_log(Objects(str(tmp_path)))) == "no_log"


def test_a_log_that_lost_its_name_is_not_said_to_be_none(local_store: Store) -> None:
    """Whose it is stands in store.json alone, which a backup has."""
    define(local_store)
    (Path(local_store.root) / "store.json").unlink()
    assert code_of(lambda: find_log(local_store.objects)) == "identity_damaged"


def test_an_event_of_a_later_release_is_read_and_kept(local_store: Store) -> None:
    """Of a kind that this program does not know: views, copies of the log and a rebuilt catalog
    have it as it is, and it changes nothing.
    """
    define(local_store)
    promoted(local_store, "one")
    with writing(local_store.catalog.engine) as tx:
        kind: Any = "from_later"
        append(tx, next_event(tx, kind, SET, "anna", version=1, details={"new": [1]}))
    promoted(local_store, "two", 101.0, day=1)
    answers = check_all(local_store)
    assert verify(local_store) == []
    before = rows(local_store)
    lose_catalog(local_store)
    store = recovered(local_store.root)
    assert rows(store) == before
    check_all(store, answers)
    assert "from_later" in {event.kind for event in store.refresh().events(SET)}
