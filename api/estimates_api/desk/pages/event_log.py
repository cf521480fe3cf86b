"""What happened, the newest first, with filters."""

from __future__ import annotations

from typing import get_args

from litestar.types import ASGIApp

from estimates.catalog.event_kinds import EventKind
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.http.bodies import EventList, SetList
from estimates_api.http.event_parameters import Before, ByActor, Kinds, OfSet
from estimates_api.http.parameters import AsOf
from estimates_api.http.url_text import ReadRequest

_EVENTS = 50
_SEVERAL = {  # kinds that people look for together
    "moves of an alias": "promoted,rolled_back,alias_removed",
    "verdicts, waivers, approvals": (
        "judged,waived,unwaived,approval_requested,approved,approval_declined"
    ),
    "versions that came or went": "published,expired,erased,hold_placed,hold_released",
}


@desk_page("/events")
async def event_log(
    request: ReadRequest,
    set_name: OfSet = None,
    kind: Kinds = None,
    actor: ByActor = None,
    before: Before = None,
    as_of: AsOf = None,
) -> ASGIApp:
    """The log of all sets or of one; an empty field of the form chooses all."""
    page = DeskPage(request, as_of)
    chosen = {"set": set_name or None, "kind": kind or None, "actor": actor or None}
    listed = await page.get(
        EventList,
        "/v1/events",
        order="newest",
        limit=_EVENTS,
        before=before,
        **chosen,
        as_of=page.as_of,
    )
    sets = await page.get(SetList, "/v1/sets", as_of=page.as_of)
    return page.draw(
        "events.html",
        listed=listed,
        sets=[each.name for each in sets.sets],
        kinds=get_args(EventKind),
        several=_SEVERAL,
        chosen=chosen,
        before=before,
    )


ROUTES = [event_log]
