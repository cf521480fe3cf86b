"""Legal holds: a person keeps a version, or a whole set, from being expired and deleted."""

from __future__ import annotations

from estimates.catalog.at import At
from estimates.catalog.records import Event, LegalHold
from estimates.errors import ConflictError, NotFoundError
from estimates.store.open_store import OpenStore
from estimates.store.reasons import check_reason


def hold(store: OpenStore, name: str, version: int | None, *, reason: str) -> LegalHold:
    """Keep a version, or with None all of a set, its later versions too, until the hold is
    released.

    Several may stand at once, each for a reason of its own. Raises InvalidError (`reason_needed`),
    NotFoundError (`unknown_set`, `unknown_version`, `expired`: its files are gone already).
    """
    view = store.view()
    view.set(name)
    check_reason(reason)
    resolved = None if version is None else store.reader(view).resolve(name, At(version))
    event, placed = store.catalog.place_hold(name, resolved, reason=reason, actor=store.actor)
    store.notify_and_copy(event)
    return placed


def release_hold(
    store: OpenStore, name: str, version: int | None, *, reason: str, number: int | None = None
) -> Event:
    """End a legal hold on a version, or with None that on the whole set.

    number  which one, where several stand
    Raises InvalidError (`reason_needed`), NotFoundError (`unknown_set`, `unknown_hold`),
    ConflictError (`several_holds`).
    """
    of_set = store.view().set(name)
    check_reason(reason)
    what = "the whole set" if version is None else f"version {version}"
    standing = [hold for hold in of_set.holds if hold.version == version]
    chosen = [hold for hold in standing if number in (None, hold.id)]
    if not chosen:
        others = ", ".join(str(hold.id) for hold in standing) or "none"
        raise NotFoundError(
            "unknown_hold",
            f"{name}: no such legal hold on {what} stands",
            remedy=f"those that do: {others}",
        )
    if len(chosen) > 1:
        listed = "; ".join(f"{hold.id} ({hold.reason})" for hold in chosen)
        raise ConflictError(
            "several_holds",
            f"{name}: several legal holds on {what} stand",
            remedy=f"name one: {listed}",
        )
    event = store.catalog.release_hold(name, chosen[0].id, reason=reason, actor=store.actor)
    store.notify_and_copy(event)
    return event
