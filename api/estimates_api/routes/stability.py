"""Stability through time: what each move of production changed."""

from __future__ import annotations

from datetime import datetime

from litestar.types import ASGIApp

from estimates.compare.series import ComparedMoves, compared_moves
from estimates.compare.series_report import DEFAULT_LAST, Series
from estimates_api.http.parameters import AsOf, Last, NoFormulas, SetName
from estimates_api.http.representation import TABLES, as_of_head, entity_tag, negotiated
from estimates_api.http.route import InjectedFollower, InjectedReports, reading
from estimates_api.http.tables import content_type, write_form
from estimates_api.http.url_text import ReadRequest, read_time
from estimates_api.serving.follower import Follower
from estimates_api.serving.threads import in_thread


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
    moves, moment = await in_thread(_moves, follower, set_name, last, as_of)
    name = ("stability", set_name, moves.cache_name(), form)
    return await reports.answer(
        request.scope,
        name,
        lambda: _written(reports.series(moves), form),
        etag=entity_tag(*name),
        media_type=content_type(form),
        head=as_of_head(moment),
    )


def _moves(
    follower: Follower, name: str, last: int, as_of: str | None
) -> tuple[ComparedMoves, datetime]:
    """The moves of production, and the moment of the answer."""
    moment = read_time(as_of, "as_of")
    reader = follower.at(moment)
    moves = compared_moves(
        reader.view, name, follower.store.version_rows(), last=last, as_of=moment
    )
    return moves, moment or reader.view.moment


def _written(series: Series, form: str) -> bytes:
    return write_form(form, lambda: series.json, series.frame, {"set": series.set})


ROUTES = [stability]
