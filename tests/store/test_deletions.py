"""Files that were claimed for deletion: they go once, and what is written later stays."""

from __future__ import annotations

import pytest

from estimates.store.deletions import delete_claimed, finish_deletions
from estimates.store.store import Store
from tests.builders import SET, define, publish

PART = f"sets/{SET}/parts/{{}}.parquet"
A, B = "a" * 64, "b" * 64


@pytest.fixture
def swept(local_store: Store) -> Store:
    """A set with two files that no version needs, claimed by a sweep that died."""
    define(local_store)
    publish(local_store, "first")
    for digest in (A, B):
        local_store.objects.put(PART.format(digest), digest.encode())
    assert local_store.catalog.claim(SET, [A, B], 2)
    return local_store


def places(store: Store, digest: str) -> list[str]:
    """Where the file of a digest lies: below the root, and in the trash without its day."""
    names = [*store.objects.names("sets"), *store.objects.names("trash")]
    return ["trash" if name.startswith("trash/") else "sets" for name in names if digest in name]


def test_what_a_sweep_left_is_finished_by_the_next_one(swept: Store) -> None:
    """All of it goes to the trash; the version's own files stay."""
    kept = [*swept.objects.names(f"sets/{SET}/snapshots")]
    finish_deletions(swept)
    assert (places(swept, A), places(swept, B)) == (["trash"], ["trash"])
    assert swept.catalog.unfinished() == []
    assert [*swept.objects.names(f"sets/{SET}/snapshots")] == kept
    assert len(swept[SET].frame(1)) == 6


def test_what_is_written_after_the_deletion_stays(swept: Store) -> None:
    """Its claim is over: whoever deletes again is told that somebody else did."""
    assert delete_claimed(swept, SET, A)
    swept.objects.put(PART.format(A), b"again")
    assert not delete_claimed(swept, SET, A)
    finish_deletions(swept)
    assert places(swept, A) == ["sets", "trash"]
    assert swept.objects.get(PART.format(A)) == b"again"


def test_what_was_copied_to_the_trash_before_is_only_deleted(swept: Store) -> None:
    """No second copy lies there."""
    assert delete_claimed(swept, SET, A, is_in_trash=True)
    assert places(swept, A) == []
    assert places(swept, B) == ["sets"]


def test_what_nobody_claimed_is_not_deleted(swept: Store) -> None:
    """Nor what a hold keeps that came after the claim."""
    assert not delete_claimed(swept, SET, "c" * 64)
    swept.catalog.place_hold(SET, None, reason="court", actor="ann")
    assert not delete_claimed(swept, SET, A)
    assert places(swept, A) == ["sets"]
