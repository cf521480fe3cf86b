"""Tokens: secrets of programs and people, made by `estimates token create`.

The log has an event for each that was made or revoked. It holds the SHA-256 of the secret, which
has 256 random bits: nobody gets from one to the other, and nothing slow is needed to check one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from estimates.access.grant import Grant, parse_grant
from estimates.access.principal import Principal, ReadRight
from estimates.catalog.records import Event

_PREFIX = "est_"  # so that scanners of repositories recognise one that was committed


class Token(msgspec.Struct, frozen=True):
    """A token, without its secret.

    id  that of the event that made it
    """

    id: int
    name: str
    digest: str
    may: tuple[ReadRight, ...]
    grants: tuple[Grant, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def principal(self) -> Principal:
        """Who asks with it."""
        return Principal(self.name, self.may, self.grants, self.expires_at)

    def state(self, now: datetime) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if now < self.expires_at else "expired"


class NewToken(msgspec.Struct, frozen=True):
    """A token that was just made; nobody sees its secret again."""

    token: Token
    secret: str


def new_secret() -> str:
    """A secret of 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """SHA-256 of a secret, as hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def details_of(token: Token) -> dict[str, Any]:
    """What the event that makes a token says of it."""
    return {
        "name": token.name,
        "digest": token.digest,
        "may": list(token.may),
        "grants": [grant.text() for grant in token.grants],
        "expires_at": token.expires_at.isoformat(),
    }


def tokens_of(events: Iterable[Event]) -> dict[int, Token]:
    """The tokens that events made, by id; revoked and expired ones too. To revoke one that is not
    there, as where the event that made it counts for nothing, is of no effect.
    """
    tokens: dict[int, Token] = {}
    for event in events:
        details = event.details
        if event.kind == "token_created":
            tokens[event.id] = Token(
                event.id,
                details["name"],
                details["digest"],
                tuple(details["may"]),
                tuple(parse_grant(text) for text in details["grants"]),
                event.at,
                event.actor,
                datetime.fromisoformat(details["expires_at"]),
            )
        elif event.kind == "token_revoked" and (token := tokens.get(details["token"])):
            tokens[token.id] = msgspec.structs.replace(token, revoked_at=event.at)
    return tokens


class TokenBook:
    """The tokens that were not revoked, by digest."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = {token.digest: token for token in tokens if token.revoked_at is None}

    def token_of(self, secret: str) -> Token | None:
        """The token of a secret, expired ones too; None where there is none.

        What is looked up is a digest, whose beginning nobody can choose, and it is compared in
        constant time.
        """
        digest = digest_of(secret)
        token = self._tokens.get(digest)
        return token if token and hmac.compare_digest(token.digest, digest) else None
