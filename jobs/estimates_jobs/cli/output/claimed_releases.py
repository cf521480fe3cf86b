"""What tells somebody who asks what was known when that a set's versions claim their releases."""

from __future__ import annotations

from collections.abc import Iterable

from estimates.catalog.records import VersionInTime
from estimates.catalog.release_clock import Clock


def unread_claims(versions: Iterable[VersionInTime], clock: Clock) -> str | None:
    """How to ask by the claimed times of release, where nothing is known by the times of events."""
    if clock is None and any(version.released_at is not None for version in versions):
        return "versions here claim an earlier release: --clock released goes by what they claim"
    return None
