"""The event log: published, judged, promoted, rolled back."""

from __future__ import annotations

from bisect import bisect_right
from heapq import merge
from itertools import islice

from litestar import get
from litestar.di import NamedDependency
from litestar.types import ASGIApp
from msgspec import structs

from api.bodies import EventBody, EventList
from api.documentation import documented
from api.follower import Follower
from api.parameters import After, Limit
from api.representation import of_content
from estimates.catalog import View
from estimates.errors import InvalidError
from estimates.reader import DEFAULT_LIMIT, MAX_LIMIT


@get(
    "/v1/events",
    responses=documented(EventList, 304, description="Events in the order of their ids, which have no gaps."),
    sync_to_thread=False,
)
def events(follower: NamedDependency[Follower], after: After = 0, limit: Limit = DEFAULT_LIMIT) -> ASGIApp:
    """What happened to all sets, oldest first; who passes the last id seen as `after` misses nothing."""
    return of_content(_page(follower.view, after, limit))


def _page(view: View, after: int, limit: int) -> EventList:
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidError("bad_limit", f"limit {limit} is not between 1 and {MAX_LIMIT}")
    later = [
        islice(held.events, bisect_right(held.events, after, key=lambda event: event.id), None)
        for held in view.sets.values()
    ]
    page = [EventBody(**structs.asdict(event)) for event in islice(merge(*later, key=lambda event: event.id), limit)]
    following = page[-1].id if page and page[-1].id < view.last_event else None
    return EventList(view.last_event, limit, following, page)


ROUTES = [events]
