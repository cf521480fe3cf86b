"""Claims of files that are being deleted."""

from __future__ import annotations

import pytest

from estimates.catalog.catalog import Catalog
from estimates.catalog.sweep_claims import is_claimed, newest_content
from estimates.store.store import Store
from tests.builders import SET, define, publish


@pytest.fixture
def claims(local_store: Store) -> Catalog:
    """The catalog of a set with one version, published by event 2."""
    define(local_store)
    publish(local_store, "first")
    return local_store.catalog


def claimed(catalog: Catalog, digests: list[str], since: int) -> bool:
    """Whether any of some files are claimed."""
    with catalog.engine.begin() as tx:
        return is_claimed(tx, SET, digests, since)


def test_what_was_published_since_is_not_claimed(claims: Catalog) -> None:
    """Nor anything once a hold keeps the whole set."""
    with claims.engine.begin() as tx:
        assert newest_content(tx, SET) == 2
        assert newest_content(tx, "others") == 0
    assert not claims.claim(SET, ["a"], 1)
    assert claims.unfinished() == []
    event, _ = claims.place_hold(SET, None, reason="court", actor="ann")
    assert not claims.claim(SET, ["a"], 2)
    claims.release_hold(SET, event.id, reason="over", actor="ann")
    assert claims.claim(SET, ["a"], 2)
    assert claims.unfinished() == [(SET, "a")]


def test_claims_count_up_and_end_when_the_files_are_gone(claims: Catalog) -> None:
    """Whoever wrote files after a claim knows by its number that they stand."""
    assert claims.last_claim(SET) == 0
    assert claims.claim(SET, ["a", "b"], 2)
    assert claims.last_claim(SET) == 1
    assert claimed(claims, ["a"], 1)  # not deleted yet
    with claims.deleting(SET, "a") as is_wanted:
        assert is_wanted
    assert not claimed(claims, ["a"], 1)
    assert claimed(claims, ["a"], 0)
    assert claimed(claims, ["c", "b"], 1)
    assert not claimed(claims, ["c"], 0)
    assert claims.claim(SET, ["a"], 2)
    assert (claims.last_claim(SET), claims.last_claim("others")) == (2, 0)


def test_only_one_of_several_deletes(claims: Catalog) -> None:
    """Nobody without a claim, and nobody once a hold came."""
    claims.claim(SET, ["a", "b"], 2)
    with claims.deleting(SET, "c") as is_wanted:
        assert not is_wanted
    with claims.deleting(SET, "a") as is_wanted:
        assert is_wanted
    with claims.deleting(SET, "a") as is_wanted:
        assert not is_wanted
    claims.place_hold(SET, None, reason="court", actor="ann")
    with claims.deleting(SET, "b") as is_wanted:
        assert not is_wanted
    assert claims.unfinished() == []


def test_what_fails_while_files_go_leaves_the_claim(claims: Catalog) -> None:
    """So that it is tried again."""
    claims.claim(SET, ["a"], 2)
    with pytest.raises(OSError, match="disk"), claims.deleting(SET, "a"):
        raise OSError("disk")
    assert claims.unfinished() == [(SET, "a")]
