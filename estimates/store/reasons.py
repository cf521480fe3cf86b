"""Why somebody does something: the log keeps it."""

from __future__ import annotations

from estimates.errors import InvalidError


def check_reason(
    reason: str | None, remedy: str = "say why (--reason), which is kept in the log"
) -> None:
    """Raises InvalidError (`reason_needed`) for none, and for one without a word."""
    if reason is None or not reason.strip():
        raise InvalidError("reason_needed", "no reason is given", remedy=remedy)
