"""What is said of a version that gave up its files. No SQL here."""

from __future__ import annotations

from estimates import instants
from estimates.catalog.records import Event, Expiry, Version
from estimates.errors import NotFoundError


def expiry_of(event: Event) -> Expiry:
    """What an event `expired` says."""
    assert event.version is not None
    return Expiry(event.version, event.at, event.actor, event.reason)


def expired_error(version: Version, expiry: Expiry, ref: str | None = None) -> NotFoundError:
    """The error (`expired`) for a version whose files are gone, with when, by whom and why.

    ref  the name that meant this version, where it was not asked for by its number
    """
    number, when = version.version, instants.text(expiry.at)
    named = f"version {number}" if ref is None else f"{ref} was version {number}, which"
    because = "" if expiry.reason is None else f" ({expiry.reason})"
    return NotFoundError(
        "expired",
        f"{version.set}: {named} expired at {when} by {expiry.actor}{because}; its files are gone",
        remedy="read a newer version",
        version=number,
        expired_at=when,
        actor=expiry.actor,
        reason=expiry.reason,
    )
