"""Tokens made and revoked: events about the store as a whole. There is no table of them."""

from __future__ import annotations

from typing import Any

from estimates.catalog.engine import OnEngine
from estimates.catalog.event_log import append, next_event
from estimates.catalog.records import Event


class TokenWrites(OnEngine):
    """Each method is one transaction."""

    def create_token(self, details: dict[str, Any], *, reason: str | None, actor: str) -> Event:
        """Record that a token was made; `details` are those of `tokens.details_of`.

        Raises InvalidError `bad_text`.
        """
        with self.writing() as tx:
            event = next_event(tx, "token_created", "", actor, reason=reason, details=details)
            return append(tx, event)

    def revoke_token(self, token: int, *, reason: str, actor: str) -> Event:
        """Record that a token counts no longer; raises InvalidError `bad_text`."""
        with self.writing() as tx:
            details = {"token": token}
            event = next_event(tx, "token_revoked", "", actor, reason=reason, details=details)
            return append(tx, event)
