"""Tokens: made, checked, revoked; the log never holds a secret."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from estimates import instants
from estimates.access.grant import Grant
from estimates.access.tokens import TokenBook, tokens_of
from estimates.errors import EstimatesError
from estimates.store.store import Store
from tests.builders import SET, define, make_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one set."""
    store = make_store(tmp_path / "store")
    define(store)
    return store


def test_made_and_revoked(store: Store) -> None:
    """A secret stands for its token until that is revoked; revoked twice is an error."""
    grant = Grant(SET, "ticker", ("AAPL",), ("value",))
    made = store.create_token("app", grants=[grant])
    book = TokenBook(store.tokens())
    token = book.token_of(made.secret)
    assert token is not None
    assert token == made.token
    assert token.principal.grants == (grant,)
    assert book.token_of(made.secret + "x") is None
    store.revoke_token(token.id, reason="left")
    assert TokenBook(store.tokens()).token_of(made.secret) is None
    with pytest.raises(EstimatesError, match="no token") as refused:
        store.revoke_token(token.id, reason="again")
    assert refused.value.code == "unknown_token"


def test_no_secret_is_stored(store: Store) -> None:
    """No file of the store has the secret, in plain or in part."""
    secret = store.create_token("app").secret
    store.catalog.engine.dispose()
    files = [path for path in Path(store.root).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if secret[4:].encode() in path.read_bytes()]


def test_tokens_survive_recovery(store: Store) -> None:
    """Tokens are read from the log alone: a store opened anew has them, revoked ones too."""
    kept, lost = store.create_token("kept"), store.create_token("lost")
    store.revoke_token(lost.token.id, reason="test")
    again = tokens_of(Store(store.root).view().of_store)
    assert again[kept.token.id] == kept.token
    assert again[lost.token.id].revoked_at is not None


@pytest.mark.parametrize(
    ("grant", "code"),
    [
        (Grant("nothing"), "unknown_set"),
        (Grant("x*", "ticker", ("A",)), "bad_grant"),
        (Grant(SET, "target_date", ("2024-06-03",)), "bad_grant"),
        (Grant(SET, columns=("volume",)), "bad_grant"),
    ],
)
def test_wrong_grants(store: Store, grant: Grant, code: str) -> None:
    """A grant that could never be used is refused, and no token is made."""
    with pytest.raises(EstimatesError) as refused:
        store.create_token("app", grants=[grant])
    assert refused.value.code == code
    assert store.tokens() == []


@pytest.mark.parametrize("days", [0, -1, 400])
def test_expiry(store: Store, days: int) -> None:
    """A token expires later than now, and within a year."""
    with pytest.raises(EstimatesError, match="within a year"):
        store.create_token("app", expires_at=instants.now() + timedelta(days=days))
