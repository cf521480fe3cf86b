"""Who reads what: the record that this machine's workers keep."""

from __future__ import annotations

from datetime import date

import msgspec
from litestar.types import ASGIApp

from estimates.errors import NotFoundError
from estimates.storage.usage_days import UsageDay
from estimates_api.access.route_access import principal_of
from estimates_api.http.parameters import SinceDay
from estimates_api.http.representation import of_content
from estimates_api.http.route import reading
from estimates_api.http.url_text import ReadRequest


class UsageList(msgspec.Struct, frozen=True):
    """Days of the replicas that this machine has records of, oldest first."""

    days: list[UsageDay]


@reading("/v1/usage", UsageList, 404, about="usage", description="Who read which sets.")
def usage(
    request: ReadRequest,
    since: SinceDay = None,
) -> ASGIApp:
    """How often each principal was answered estimates of each set, a day; of the sets that whoever
    asks may read as a whole. The newest seconds of other workers may be missing.
    """
    counts = request.app.state.usage
    if counts is None:
        raise NotFoundError(
            "no_usage",
            "this service keeps no record of who reads what",
            remedy="the operator adds [usage] to the file of --access",
        )
    counts.flush()
    principal = principal_of(request.scope)
    days = [
        day
        if principal is None
        else msgspec.structs.replace(
            day, reads=tuple(row for row in day.reads if principal.covers_whole(row.set))
        )
        for day in counts.record.read(since or date.min)
    ]
    return of_content(UsageList([day for day in days if day.reads]))


ROUTES = [usage]
