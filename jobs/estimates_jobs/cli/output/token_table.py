"""A token as a row and as JSON, without its digest."""

from __future__ import annotations

from typing import Any

from estimates import instants
from estimates.access.tokens import Token
from estimates_jobs.cli.output import cells


def token_cells(token: Token) -> dict[str, cells.Cell]:
    """A row of the list."""
    return {
        "token": token.id,
        "name": token.name,
        "may": ", ".join(token.may),
        "sets, keys, columns": ", ".join(grant.text() for grant in token.grants) or "–",
        "made": cells.instant(token.created_at),
        "by": token.created_by,
        "until": cells.instant(token.expires_at),
        "state": token.state(instants.now()),
    }


def token_json(token: Token) -> dict[str, Any]:
    """The token for a program."""
    return {
        "token": token.id,
        "name": token.name,
        "may": token.may,
        "grants": [grant.text() for grant in token.grants],
        "created_at": token.created_at,
        "created_by": token.created_by,
        "expires_at": token.expires_at,
        "state": token.state(instants.now()),
    }
