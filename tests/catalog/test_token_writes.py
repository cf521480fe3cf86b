"""Tokens are events about the store as a whole."""

from __future__ import annotations

from estimates.store.store import Store
from tests.builders import code_of


def test_made_and_revoked(local_store: Store) -> None:
    """Each says what it is about, and belongs to no set."""
    made = local_store.catalog.create_token({"name": "desk"}, reason=None, actor="ann")
    gone = local_store.catalog.revoke_token(made.id, reason="lost", actor="bea")
    assert (made.kind, made.set, made.details) == ("token_created", "", {"name": "desk"})
    assert (gone.kind, gone.set, gone.details) == ("token_revoked", "", {"token": made.id})
    local_store.refresh()
    assert local_store.view().of_store == [made, gone]
    assert local_store.view().sets == {}


def test_text_that_no_database_holds_is_refused(local_store: Store) -> None:
    """No event is left."""
    revoke = local_store.catalog.revoke_token
    assert code_of(lambda: revoke(1, reason="\ud800", actor="ann")) == "bad_text"
    assert local_store.catalog.last_event() == 0
