"""Retiring a set that nobody updates any more: it is kept and answers, and takes no versions."""

from __future__ import annotations

from typing import Literal

from estimates.catalog.preconditions import retired_error
from estimates.catalog.records import Event
from estimates.catalog.set_view import SetView
from estimates.store.open_store import OpenStore
from estimates.store.reasons import check_reason


def retire(store: OpenStore, name: str, *, reason: str) -> Event:
    """Take no new versions of a set from now on and leave it out of lists; all that it has is kept
    and answers, marked as retired.

    Raises InvalidError (`reason_needed`), NotFoundError (`unknown_set`), ConflictError (`already`).
    """
    return _set_retired(store, name, "retired", reason)


def unretire(store: OpenStore, name: str, *, reason: str) -> Event:
    """Take a retired set into use again; raises as `retire` does."""
    return _set_retired(store, name, "unretired", reason)


def _set_retired(
    store: OpenStore, name: str, kind: Literal["retired", "unretired"], reason: str
) -> Event:
    store.view().set(name)
    check_reason(reason)
    event = store.catalog.set_retired(name, kind, reason=reason, actor=store.actor)
    store.notify_and_copy(event)
    return event


def check_not_retired(view: SetView) -> None:
    """Raises ConflictError (`retired`) for a set that takes no new versions."""
    if view.retirement is not None:
        raise retired_error(view.retirement)
