"""The event log: published, judged, promoted, rolled back; as a feed or as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, get_args

from litestar.di import NamedDependency
from litestar.types import ASGIApp
from msgspec import structs

from estimates.catalog.approval_requests import shown_details
from estimates.catalog.event_kinds import EventKind
from estimates.catalog.records import Event
from estimates.catalog.view import View
from estimates.errors import InvalidError
from estimates.reading.page_cursor import DEFAULT_LIMIT, check_limit
from estimates.render.wording import did_you_mean
from estimates_api.access.admission import Admission
from estimates_api.access.route_access import check_set, principal_of, wholly_visible
from estimates_api.http.bodies import EventBody, EventList
from estimates_api.http.event_parameters import (
    After,
    Before,
    ByActor,
    Kinds,
    LastEventId,
    OfSet,
    Order,
)
from estimates_api.http.event_stream import EventStream, Streams
from estimates_api.http.parameters import Limit, Then
from estimates_api.http.representation import JSON, negotiated, next_link, of_view
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.url_text import ReadRequest, read_number, read_time
from estimates_api.serving.threads import in_thread

_STREAM = "text/event-stream"
_OF_THE_OPERATOR = ("token_created", "token_revoked", "access_set")


@reading(
    "/v1/events",
    EventList,
    *(404, 406),
    about="sets",
    description="Events in the order of their ids, which have no gaps.",
)
async def events(
    request: ReadRequest,
    follower: InjectedFollower,
    streams: NamedDependency[Streams],
    after: After = 0,
    set_name: OfSet = None,
    limit: Limit = DEFAULT_LIMIT,
    order: Order = "oldest",
    before: Before = None,
    kind: Kinds = None,
    actor: ByActor = None,
    as_of: Then = None,
    last_event_id: LastEventId = None,
) -> ASGIApp:
    """What happened to all sets or to one, oldest first; who passes the last id seen as `after`
    misses nothing.

    With `Accept: text/event-stream` a stream that goes on as things happen (server-sent events):
    `id` is the event's id, `event` its kind, `data` the event. A client that connects again with
    `Last-Event-ID`, which counts before `after`, misses nothing and gets nothing twice.
    """
    last = read_number(
        last_event_id or None,
        "bad_parameter",
        "Last-Event-ID is not the id of an event",
        "leave it out to begin anew",
    )
    if negotiated(request.scope, (JSON, _STREAM)) == JSON:
        if set_name is not None:
            check_set(request, set_name)
        moment = read_time(as_of, "as_of")
        reader = follower.reader if moment is None else await in_thread(follower.past, moment)
        view, newest = reader.view, order == "newest"
        if (newest and "after" in request.query_params) or (not newest and before is not None):
            raise _other_order()
        log = view.events_before(set_name, before) if newest else view.events(set_name, after)
        log = _by_actor(_of_kinds(log, kind), actor)
        page = _page(view, _readable(request.scope, log), limit)
        response = of_view(view, page, vary="accept")
        if page.next is not None:
            same = {"set": set_name, "limit": limit, "kind": kind, "actor": actor, "as_of": as_of}
            following = {"order": order, "before": page.next} if newest else {"after": page.next}
            response.headers["link"] = next_link(same, **following)
        return response
    view = follower.view
    for name in ("limit", "order", "before", "kind", "actor", "as_of"):
        if name in request.query_params:
            raise InvalidError(
                "unknown_parameter", f"a stream has no {name}", remedy="it takes after and set"
            )
    if set_name is not None:
        check_set(request, set_name)
        view.set(set_name)
    return EventStream(
        streams,
        follower,
        lambda *page: _later(request, follower.view, set_name, *page),
        after if last is None else last,
        principal.name if (principal := principal_of(request.scope)) is not None else "",
    )


def _page(view: View, log: Iterator[Event], limit: int) -> EventList:
    check_limit(limit)
    page = [_body(event) for event in islice(log, limit + 1)]
    cursor = page[limit - 1].id if len(page) > limit else None
    return EventList(view.last_event, limit, cursor, page[:limit])


def _other_order() -> InvalidError:
    return InvalidError(
        "unknown_parameter",
        "`before` and `after` do not go together with this order",
        remedy="the newest first take `before`, the oldest first `after`",
    )


def _by_actor(log: Iterator[Event], actor: str | None) -> Iterator[Event]:
    return log if actor is None else (event for event in log if event.actor == actor)


def _of_kinds(log: Iterator[Event], kinds: str | None) -> Iterator[Event]:
    """The events of these kinds; raises InvalidError (`bad_parameter`)."""
    if kinds is None:
        return log
    chosen, known = kinds.split(","), get_args(EventKind)
    unknown = [kind for kind in chosen if kind not in known]
    if unknown:
        raise InvalidError(
            "bad_parameter",
            f"there is no kind of events {unknown[0]!r}{did_you_mean(unknown[0], known)}",
            remedy=f"kinds: {', '.join(known)}",
        )
    return (event for event in log if event.kind in chosen)


def _readable(scope: Any, log: Iterable[Event]) -> Iterator[Event]:
    """The events that the reader may see; those of tokens and of access are the operator's."""
    log = (event for event in log if event.kind not in _OF_THE_OPERATOR)
    return iter(wholly_visible(scope, log, lambda event: event.set))


def _later(
    request: ReadRequest, view: View, name: str | None, after: int, limit: int
) -> list[EventBody] | None:
    """So many events after an id at most, None for whose token counts no longer; raises
    NotFoundError (`unknown_set`).
    """
    admission: Admission | None = request.app.state.admission
    if admission is not None and not admission.still_admits(request.scope):
        return None
    log = _readable(request.scope, view.events(name, after))
    return [_body(event) for event in islice(log, limit)]


def _body(event: Event) -> EventBody:
    fields = structs.asdict(event) | {"details": shown_details(event)}
    if event.claimed is None:
        del fields["claimed"]
    return EventBody(**fields)


ROUTES = [events]
