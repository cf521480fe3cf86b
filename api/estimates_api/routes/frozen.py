"""Which estimates stand still: the same in each of the last versions in production."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import msgspec
from litestar.types import ASGIApp

from estimates.compare.frozen_versions import FrozenKeys, Window, frozen_keys, frozen_window
from estimates_api.http.parameters import AsOf, LastInProduction, SetName
from estimates_api.http.representation import JSON, as_of_head, entity_tag
from estimates_api.http.route import InjectedFollower, InjectedReports, reading
from estimates_api.http.url_text import ReadRequest, read_time
from estimates_api.serving.follower import Follower
from estimates_api.serving.reports import Reports
from estimates_api.serving.threads import in_thread


@reading(
    "/v1/sets/{set:str}/frozen",
    FrozenKeys,
    description="The keys whose estimates have not moved.",
    computed=True,
)
async def frozen(
    request: ReadRequest,
    follower: InjectedFollower,
    reports: InjectedReports,
    set_name: SetName,
    last: LastInProduction = None,
    as_of: AsOf = None,
) -> ASGIApp:
    """Which keys have the same estimates, to the last bit, in each of the last versions that
    production pointed to.
    """
    window, moment = await in_thread(_window, follower, set_name, last, as_of)
    name = ("frozen", set_name, *(v.version for v in window.versions), window.cache_name())
    return await reports.answer(
        request.scope,
        name,
        partial(_written, reports, follower, set_name, window),
        etag=entity_tag(*name),
        media_type=JSON,
        head=as_of_head(moment),
    )


def _window(
    follower: Follower, name: str, last: int | None, as_of: str | None
) -> tuple[Window, datetime]:
    """The versions to compare, and the moment of the answer."""
    moment = read_time(as_of, "as_of")
    view = follower.at(moment).view
    return frozen_window(view, name, last, as_of=moment), moment or view.moment


def _written(reports: Reports, follower: Follower, name: str, window: Window) -> bytes:
    report = reports.frozen(window, follower.store.version_rows())
    return msgspec.json.encode(frozen_keys(name, window, report))


ROUTES = [frozen]
