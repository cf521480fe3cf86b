"""The same move of an alias again, as by somebody whose answer was lost: it is done once."""

from __future__ import annotations

from typing import Literal

from estimates import instants
from estimates.catalog.records import Event
from estimates.catalog.set_view import SetView


def repeated(
    view: SetView,
    kind: Literal["promoted", "rolled_back"],
    alias: str,
    *,
    actor: str,
    reason: str | None,
    version: int | None = None,
) -> Event | None:
    """The newest move of an alias, where it stands and is the very same: by the same person, for
    the same reason. None: what is wanted is something else.

    version  where to, if that was said
    """
    last = newest_move(view, alias)
    pointed = view.aliases.get(alias)
    is_same = (
        last is not None
        and pointed is not None
        and pointed.version == last.version
        and (last.kind, last.actor, last.reason) == (kind, actor, reason)
        and not last.automatic
        and version in (None, last.version)
    )
    return last if is_same else None


def newest_move(view: SetView, alias: str) -> Event | None:
    """What moved an alias last, its removal included."""
    return next((event for event in reversed(view.events) if event.alias == alias), None)


def moved_by(event: Event) -> str:
    """Which event, when, by whom and why, in words."""
    by = "a run" if event.automatic else event.who
    why = "" if event.reason is None else f": {event.reason}"
    return f"event {event.id}, {instants.text(event.at)}, by {by}{why}"
