"""Retiring a set, and taking it into use again: an event each, and no row."""

from __future__ import annotations

from typing import Literal

from estimates.catalog.engine import OnEngine
from estimates.catalog.event_log import append, next_event
from estimates.catalog.preconditions import newest_retirement
from estimates.catalog.records import Event
from estimates.errors import ConflictError


class Retirement(OnEngine):
    """Each method is one transaction."""

    def set_retired(
        self, set_name: str, kind: Literal["retired", "unretired"], *, reason: str, actor: str
    ) -> Event:
        """Retire a set, or take it into use again.

        Raises ConflictError `already` where it is so, InvalidError `bad_text`.
        """
        with self.writing() as tx:
            newest = newest_retirement(tx, set_name)
            if ("unretired" if newest is None else newest.kind) == kind:
                is_so = "retired already" if kind == "retired" else "not retired"
                raise ConflictError(
                    "already", f"{set_name}: is {is_so}", remedy="there is nothing to do"
                )
            event = next_event(tx, kind, set_name, actor, reason=reason)
            return append(tx, event)
