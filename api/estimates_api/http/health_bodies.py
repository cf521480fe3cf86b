"""What the service says of itself: it lives, it can answer, and what is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from estimates_api.http.standing_bodies import UnauthorisedBody
from estimates_api.serving.targets import Fault


class Health(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"]


class Source(msgspec.Struct, frozen=True):
    """The catalog or the storage: when it was read last, seconds ago, null before the first time;
    why it cannot be read now, null while it can.
    """

    read_at: datetime | None
    age_s: float | None
    code: str | None
    detail: str | None


class Readiness(msgspec.Struct, frozen=True):
    """The service can answer; `degraded` while catalog or storage do not, or an alias's version
    cannot be read here (`faults`, with what answers instead), or sets stay at what was before an
    event that nobody was allowed to write (`unauthorised`, the first of each), or an alias is where
    it was moved without the approvals that it took (`not_approved`).
    """

    status: Literal["ready", "degraded"]
    as_of: datetime
    faults: list[Fault]
    catalog: Source
    storage: Source
    unauthorised: list[UnauthorisedBody] | msgspec.UnsetType = msgspec.UNSET
    not_approved: list[UnauthorisedBody] | msgspec.UnsetType = msgspec.UNSET
