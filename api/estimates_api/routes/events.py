"""The event log: published, judged, promoted, rolled back; as a feed or as a stream."""

from __future__ import annotations

from itertools import islice

from litestar.di import NamedDependency
from litestar.types import ASGIApp
from msgspec import structs

from estimates.catalog.view import View
from estimates.errors import InvalidError
from estimates.reading.page_cursor import DEFAULT_LIMIT, check_limit
from estimates_api.http.bodies import EventBody, EventList
from estimates_api.http.event_stream import EventStream, Streams
from estimates_api.http.parameters import After, Limit, OfSet
from estimates_api.http.representation import JSON, negotiated, next_link, of_view
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.url_text import ReadRequest, read_number

_STREAM = "text/event-stream"


@reading(
    "/v1/events",
    EventList,
    *(404, 406),
    description="Events in the order of their ids, which have no gaps.",
)
async def events(
    request: ReadRequest,
    follower: InjectedFollower,
    streams: NamedDependency[Streams],
    after: After = 0,
    set_name: OfSet = None,
    limit: Limit = DEFAULT_LIMIT,
) -> ASGIApp:
    """What happened to all sets or to one, oldest first; who passes the last id seen as `after`
    misses nothing.

    With `Accept: text/event-stream` a stream that goes on as things happen (server-sent events):
    `id` is the event's id, `event` its kind, `data` the event. A client that connects again with
    `Last-Event-ID`, which counts before `after`, misses nothing and gets nothing twice.
    """
    view = follower.view
    if negotiated(request.scope, (JSON, _STREAM)) == JSON:
        page = _page(view, set_name, after, limit)
        response = of_view(view, page, vary="accept")
        if page.next is not None:
            response.headers["link"] = next_link({"set": set_name, "limit": limit}, after=page.next)
        return response
    if "limit" in request.query_params:
        raise InvalidError("unknown_parameter", "a stream has no limit; it takes after, set")
    if set_name is not None:
        view.set(set_name)
    last = read_number(
        request.headers.get("last-event-id") or None,
        "bad_parameter",
        "Last-Event-ID is not the id of an event; leave it out to begin anew",
    )
    return EventStream(
        streams,
        follower,
        lambda *page: _later(follower.view, set_name, *page),
        after if last is None else last,
    )


def _page(view: View, name: str | None, after: int, limit: int) -> EventList:
    check_limit(limit)
    page = _later(view, name, after, limit + 1)
    cursor = page[limit - 1].id if len(page) > limit else None
    return EventList(view.last_event, limit, cursor, page[:limit])


def _later(view: View, name: str | None, after: int, limit: int) -> list[EventBody]:
    """So many events after an id at most; raises NotFoundError (`unknown_set`)."""
    return [EventBody(**structs.asdict(e)) for e in islice(view.events(name, after), limit)]


ROUTES = [events]
