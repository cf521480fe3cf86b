"""The access record of a store: who may write what."""

from __future__ import annotations

from estimates.catalog.records import Event
from estimates.principals.access_record import AccessRecord
from estimates.store.open_store import OpenStore


def set_access(store: OpenStore, record: AccessRecord, *, reason: str | None = None) -> Event:
    """Set who may do what from now on; the store's key has to be a root key of the record in force,
    of the new one where it is the first.

    Readers, services and other writers follow it as any event. What was lawful before stays so.
    Raises RefusedError (`not_allowed`, `key_exposed`, `no_cryptography`), NotFoundError (`no_key`),
    CorruptError (`unauthorised_move`), InvalidError (`bad_text`).
    """
    event = store.catalog.set_access(record, actor=store.user, reason=reason)
    store.notify_and_copy()
    return event


def access_in_force(store: OpenStore) -> tuple[AccessRecord, Event] | None:
    """The access record in force, and the event that set it; None in a store without one."""
    view = store.view()
    if view.law.record is None or not view.law.set_by:
        return None
    event = next(event for event in view.of_store if event.id == view.law.set_by)
    return view.law.record, event
