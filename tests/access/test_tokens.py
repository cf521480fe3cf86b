"""Tokens as the log has them: made, revoked, over, looked up."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from estimates.access.grant import parse_grant
from estimates.access.tokens import (
    Token,
    TokenBook,
    details_of,
    digest_of,
    new_secret,
    tokens_of,
)
from tests.catalog.histories import event, hour

SECRET = "est_abc"
TOKEN = Token(
    5,
    "desk",
    digest_of(SECRET),
    ("read",),
    (parse_grant("closes"), parse_grant("*")),
    hour(5),
    "ann",
    hour(50),
)


def test_a_token_is_what_its_event_says() -> None:
    """And back; the secret stands nowhere."""
    made = event(5, "token_created", set="", details=details_of(TOKEN))
    assert tokens_of([made]) == {5: TOKEN}
    assert SECRET not in str(made)


def test_a_revoked_token_stays_known_and_opens_nothing() -> None:
    """Other events about the store change none."""
    made = event(5, "token_created", set="", details=details_of(TOKEN))
    gone = event(7, "token_revoked", set="", details={"token": 5})
    tokens = tokens_of([made, event(6, "clock_repaired", set=""), gone])
    assert tokens == {5: msgspec.structs.replace(TOKEN, revoked_at=hour(7))}
    assert TokenBook(tokens.values()).token_of(SECRET) is None
    assert TokenBook([TOKEN]).token_of(SECRET) == TOKEN
    assert TokenBook([TOKEN]).token_of("est_abd") is None


def test_to_revoke_what_is_not_there_is_of_no_effect() -> None:
    """As where the event that made it was unlawful: nobody else is shut out by that."""
    made = event(5, "token_created", set="", details=details_of(TOKEN))
    gone = event(7, "token_revoked", set="", details={"token": 4})
    assert tokens_of([made, gone]) == {5: TOKEN}


def test_a_token_ends_at_its_time() -> None:
    """That moment itself is not part of it; revoked counts before expired."""
    assert TOKEN.state(hour(50) - timedelta(microseconds=1)) == "valid"
    assert TOKEN.state(hour(50)) == "expired"
    revoked = msgspec.structs.replace(TOKEN, revoked_at=hour(7))
    assert revoked.state(hour(8)) == revoked.state(hour(60)) == "revoked"


def test_who_asks_with_it_has_its_rights_and_end() -> None:
    """Under its name."""
    principal = TOKEN.principal
    assert (principal.name, principal.may, principal.grants) == ("desk", ("read",), TOKEN.grants)


def test_secrets_differ_and_are_recognised_by_scanners() -> None:
    """256 random bits behind a prefix that is searched for."""
    secrets = {new_secret() for _ in range(20)}
    assert len(secrets) == 20
    assert {secret[:4] for secret in secrets} == {"est_"}
    assert {len(secret) for secret in secrets} == {4 + 43}
