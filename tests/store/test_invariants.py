"""The invariants hold of a store with a history, over HTTP too; and each of them notices when it is
broken.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from litestar.testing import TestClient

from estimates.catalog.event_chain import record_digest
from estimates.errors import CorruptError
from estimates.store.store import Store
from estimates_api.app import create_app
from tests import invariants
from tests.api.served import fill
from tests.builders import SET, define, promoted, publish


def broken(store: Store, statement: str) -> Store:
    """The store, opened anew after somebody meddled with its catalog."""
    # foreign keys are not on here
    with closing(sqlite3.connect(Path(store.root) / "catalog.db")) as connection:
        connection.execute(statement)
        connection.commit()
    return Store(store.root)


@pytest.fixture
def history(local_store: Store) -> Store:
    """Two promoted versions and one that was never judged."""
    define(local_store)
    promoted(local_store, "first", 100.0)
    promoted(local_store, "second", 100.1)
    publish(local_store, "third", 100.2)
    return local_store


def test_all_hold_over_http(local_store: Store) -> None:
    """A store with versions in every state and keys that try a URL keeps all seven, the bytes over
    HTTP included.
    """
    fill(local_store)
    with TestClient(create_app(local_store)) as client:
        invariants.check_all(local_store, client=client)


@pytest.mark.parametrize(
    ("statement", "notices"),
    [
        ("DELETE FROM events WHERE kind = 'judged' AND version = 2", invariants.numbers_are_dense),
        ("UPDATE versions SET version = 4 WHERE version = 3", invariants.numbers_are_dense),
        ("UPDATE versions SET published_at = 1 WHERE version = 2", invariants.numbers_are_dense),
        ("UPDATE aliases SET version = 1", invariants.aliases_agree_with_the_log),
        ("UPDATE aliases SET held = true", invariants.aliases_agree_with_the_log),
        (
            "UPDATE events SET from_version = NULL WHERE kind = 'promoted'",
            invariants.aliases_agree_with_the_log,
        ),
        (
            "UPDATE versions SET expired_at = 1 WHERE version = 2",
            invariants.aliases_agree_with_the_log,
        ),
        (
            "UPDATE events SET kind = 'tracked' WHERE kind = 'published' AND version = 3",
            invariants.what_failed_is_invisible,
        ),
        ("DELETE FROM verdicts WHERE version = 1", invariants.what_failed_is_invisible),
        ("UPDATE versions SET rows = 7 WHERE version = 1", invariants.files_match_their_digests),
    ],
)
def test_meddling_with_the_catalog_is_noticed(
    history: Store, statement: str, notices: Callable[[Store], None]
) -> None:
    """When the catalog is not what it says, the store refuses to read it or the invariant fails."""
    notices(history)
    with pytest.raises((AssertionError, StopIteration, CorruptError)):
        notices(broken(history, statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE waivers SET ended_at = 1",
        "UPDATE events SET kind = 'tracked' WHERE kind = 'waived'",
        "UPDATE events SET version = 1 WHERE kind = 'waived'",
        "UPDATE events SET details = replace(details, '2100', '2000') WHERE kind = 'waived'",
    ],
)
def test_a_promotion_without_its_waiver_is_noticed(local_store: Store, statement: str) -> None:
    """The third invariant fails when a version was let through by what is no waiver of it in
    force.
    """
    define(local_store)
    promoted(local_store, "first", 499.9)
    publish(local_store, "second", 500.1)
    local_store.waive(SET, "hard_bounds", 2, reason="test", until="2100-01-01")
    local_store.promote(SET, 2, reason="test")
    invariants.promotions_rest_on_waivers_in_force(local_store)
    with pytest.raises((AssertionError, CorruptError)):  # a reader may refuse it already
        invariants.promotions_rest_on_waivers_in_force(broken(local_store, statement))


def test_an_altered_file_is_noticed(history: Store) -> None:
    """The first invariant fails when a file is not what its digest says."""
    path = next(Path(history.root).glob("sets/*/parts/*.parquet"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptError):
        invariants.files_match_their_digests(history)


def test_a_changed_answer_is_noticed(history: Store) -> None:
    """The fourth invariant fails when a version number names other content than before."""
    answers = invariants.check_all(history)
    other = history.resolve(SET, 3).snapshot_id
    forged = msgspec.structs.replace(history.resolve(SET, 1), snapshot_id=other)
    meddled = broken(
        history,
        f"UPDATE versions SET snapshot_id = '{other}', digest = '{record_digest(forged)}' "
        "WHERE version = 1",
    )
    with pytest.raises(AssertionError, match="another answer"):
        invariants.reads_by_number_never_change(meddled, answers)
