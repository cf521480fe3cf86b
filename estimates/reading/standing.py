"""How an answer stands: whether its data are too old, whether an earlier version stands in, whether
the set is retired.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Standing(msgspec.Struct, frozen=True):
    """What a reader has to know of an answer beside its numbers.

    stale_from  when the version's data get older than the contract's `max_age`; None without one
    degraded    code of the fault for which an earlier version answers; None where none does
    retired     since when the set takes no new versions; None while it does
    """

    stale_from: datetime | None = None
    degraded: str | None = None
    retired: datetime | None = None
