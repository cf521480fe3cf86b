"""Tokens of those who read over HTTP: made, listed, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from estimates import instants
from estimates.access.grant import Grant, bad_grant
from estimates.access.principal import Principal, ReadRight
from estimates.access.tokens import (
    NewToken,
    Token,
    details_of,
    digest_of,
    new_secret,
    tokens_of,
)
from estimates.catalog.records import Event
from estimates.catalog.view import View
from estimates.errors import InvalidError, NotFoundError
from estimates.render.wording import did_you_mean
from estimates.store.open_store import OpenStore
from estimates.store.reasons import check_reason

A_YEAR = timedelta(days=366)


def create_token(
    store: OpenStore,
    name: str,
    *,
    may: Sequence[ReadRight] = ("read",),
    grants: Sequence[Grant] = (),
    expires_at: datetime | None = None,
    reason: str | None = None,
) -> NewToken:
    """Make a token; its secret is in the answer and nowhere else.

    name        of the program or person who gets it
    may         what it allows; `provenance` reads, too
    grants      what it may read, and the sets of its metrics and usage; every set where there are
                none
    expires_at  at most a year from now, which is the default
    Raises InvalidError (`bad_grant`: a grant names no set of the store, another column than the
    first of the key, or no such column; `bad_expiry`, `bad_text`), NotFoundError (`unknown_set`).
    """
    now = instants.now()
    expires_at = expires_at or now + A_YEAR
    if not now < expires_at <= now + A_YEAR:
        raise InvalidError(
            "bad_expiry",
            f"a token that expires at {instants.text(expires_at)}",
            remedy="it has to expire later than now and within a year",
        )
    if "provenance" in may and "read" not in may:
        may = ("read", *may)
    if {"read", "usage"} & set(may) and not grants:
        grants = (Grant(),)
    if not name.strip():
        raise InvalidError("bad_text", "a token has no name", remedy="say who gets it")
    view = store.view()
    for grant in grants:
        _check(view, grant)
    secret = new_secret()
    token = Token(
        0, name, digest_of(secret), tuple(may), tuple(grants), now, store.actor, expires_at
    )
    event = store.catalog.create_token(details_of(token), reason=reason, actor=store.actor)
    store.notify_and_copy()
    return NewToken(tokens_of([event])[event.id], secret)


def revoke_token(store: OpenStore, number: int, *, reason: str) -> Event:
    """Make a token count no longer; services notice within a second.

    Raises InvalidError (`reason_needed`), NotFoundError (`unknown_token`: there is no such token,
    or it was revoked before).
    """
    check_reason(reason)
    standing = [token.id for token in tokens(store) if token.revoked_at is None]
    if number not in standing:
        raise NotFoundError(
            "unknown_token",
            f"there is no token {number} that could be revoked",
            remedy="`estimates token list` shows them",
        )
    event = store.catalog.revoke_token(number, reason=reason, actor=store.actor)
    store.notify_and_copy()
    return event


def tokens(store: OpenStore) -> list[Token]:
    """All tokens that were ever made, the oldest first."""
    return list(tokens_of(store.view().of_store).values())


def _check(view: View, grant: Grant) -> None:
    """Raises what `create_token` raises for a grant."""
    names = list(Principal("", grants=(grant,)).visible(view.sets))
    if not grant.sets.endswith("*"):
        view.set(grant.sets)
    elif not names and not grant.whole:
        raise bad_grant(f"no set begins with {grant.sets[:-1]!r}")
    for name in names:
        contract = view.set(name).contract
        first = next(iter(contract.key))
        if grant.where is not None and grant.where != first:
            raise bad_grant(f"{name}: keys begin with {first}, not with {grant.where}")
        for column in grant.columns or ():
            if column not in contract.columns:
                meant = did_you_mean(column, contract.columns)
                raise bad_grant(f"{name}: there is no column {column!r}{meant}")
