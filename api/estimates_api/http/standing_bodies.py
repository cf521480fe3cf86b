"""What bodies say of a set that is retired or was stopped, and of how an answer stands."""

from __future__ import annotations

from datetime import datetime

import msgspec


class RetirementBody(msgspec.Struct, frozen=True):
    """When a set was retired, by whom and why."""

    at: datetime
    actor: str
    reason: str


class UnauthorisedBody(msgspec.Struct, frozen=True):
    """An event that nobody was allowed to write; `set` is empty for one about the store."""

    set: str
    event: int
    kind: str
    actor: str


class StandingBody(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer stands; members only with `standing=true`.

    stale       whether the data are older than the contract's `max_age`, from `stale_from` on
    degraded    code of the fault for which an earlier version answers
    retired     since when the set takes no new versions
    """

    stale: bool | msgspec.UnsetType = msgspec.UNSET
    stale_from: datetime | msgspec.UnsetType | None = msgspec.UNSET
    degraded: str | msgspec.UnsetType | None = msgspec.UNSET
    retired: datetime | msgspec.UnsetType | None = msgspec.UNSET
