"""The access record set: an event about the store as a whole, which a root key signs."""

from __future__ import annotations

from estimates.catalog.engine import OnEngine
from estimates.catalog.event_log import append, next_event
from estimates.catalog.records import Event
from estimates.principals.access_record import AccessRecord


class AccessWrites(OnEngine):
    """Each method is one transaction."""

    def set_access(self, record: AccessRecord, *, actor: str, reason: str | None) -> Event:
        """Record who may do what from now on; raises InvalidError `bad_text`, and what `Guard.sign`
        raises.
        """
        with self.writing() as tx:
            details = {"record": record.details()}
            event = next_event(tx, "access_set", "", actor, reason=reason, details=details)
            return append(tx, event)
