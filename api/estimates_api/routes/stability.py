"""Stability through time: what each move of production changed, and which keys stand still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from litestar.types import ASGIApp

from estimates.catalog.view import View
from estimates.compare.frozen_keys import FrozenKeys
from estimates.compare.frozen_versions import Window, frozen_keys, frozen_window
from estimates.compare.series import compared_moves
from estimates.compare.series_report import DEFAULT_LAST, Series
from estimates_api.http.parameters import AsOf, Last, LastInProduction, NoFormulas, SetName
from estimates_api.http.representation import JSON, TABLES, as_of_head, entity_tag, negotiated
from estimates_api.http.route import InjectedFollower, InjectedReports, reading
from estimates_api.http.tables import content_type, write_form
from estimates_api.http.url_text import ReadRequest, read_time
from estimates_api.serving.follower import Follower
from estimates_api.serving.reports import Reports
from estimates_api.serving.threads import in_thread

T = TypeVar("T")


@reading(
    "/v1/sets/{set:str}/stability",
    Series,
    description="A row for each move of production, oldest first.",
    forms=TABLES,
    computed=True,
)
async def stability(
    request: ReadRequest,
    follower: InjectedFollower,
    reports: InjectedReports,
    set_name: SetName,
    last: Last = DEFAULT_LAST,
    as_of: AsOf = None,
    no_formulas: NoFormulas = False,
) -> ASGIApp:
    """What each of the last moves of production changed, from one version to another, rollbacks
    too.
    """
    form = negotiated(request.scope, TABLES, no_formulas=no_formulas)
    moves, moment = await in_thread(
        _at,
        follower,
        as_of,
        lambda view, moment: compared_moves(
            view, set_name, follower.store.version_rows(), last=last, as_of=moment
        ),
    )
    name = ("stability", set_name, moves.cache_name(), form)
    return await reports.answer(
        request.scope,
        name,
        lambda: _written(reports.series(moves), form),
        etag=entity_tag(*name),
        media_type=content_type(form),
        head=as_of_head(moment),
    )


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
    window, moment = await in_thread(
        _at,
        follower,
        as_of,
        lambda view, moment: frozen_window(view, set_name, last, as_of=moment),
    )
    name = ("frozen", set_name, *(v.version for v in window.versions), window.cache_name())
    return await reports.answer(
        request.scope,
        name,
        partial(_written_keys, reports, follower, set_name, window),
        etag=entity_tag(*name),
        media_type=JSON,
        head=as_of_head(moment),
    )


def _at(
    follower: Follower, as_of: str | None, ask: Callable[[View, datetime | None], T]
) -> tuple[T, datetime]:
    """What the view of a moment says, and the moment of the answer."""
    moment = read_time(as_of, "as_of")
    view = follower.at(moment).view
    return ask(view, moment), moment or view.moment


def _written(series: Series, form: str) -> bytes:
    return write_form(form, lambda: series.json, series.frame, {"set": series.set})


def _written_keys(reports: Reports, follower: Follower, name: str, window: Window) -> bytes:
    report = reports.frozen(window, follower.store.version_rows())
    return frozen_keys(name, window, report).json


ROUTES = [stability, frozen]
