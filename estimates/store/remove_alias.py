"""Removing an alias; a promotion brings it back."""

from __future__ import annotations

from estimates.catalog.at import At
from estimates.catalog.records import Event
from estimates.catalog.ref import PRODUCTION
from estimates.store.open_store import OpenStore
from estimates.store.promote import check_alias
from estimates.store.reasons import check_reason


def remove_alias(store: OpenStore, name: str, alias: str, *, reason: str | None = None) -> Event:
    """Take an alias away: it names nothing until a person promotes a version to it again, and what
    it meant before is still answered by `as_of`.

    reason  `production` needs one, since its readers get no answer any more
    Raises InvalidError (`bad_alias`, `reason_needed`), NotFoundError (`unknown_set`,
    `unknown_alias`, `nothing_promoted`), ConflictError (`moved`).
    """
    check_alias(alias)
    if alias == PRODUCTION:
        check_reason(reason, "say why its readers shall get no answer any more (--reason)")
    view = store.view()
    view.resolve(name, At(alias))
    expected = view.set(name).aliases[alias]
    event = store.catalog.remove_alias(expected, actor=store.actor, reason=reason)
    store.notify_and_copy(event)
    return event
