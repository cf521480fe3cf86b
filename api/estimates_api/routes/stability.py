"""Stability through time: what each move of production changed."""

from __future__ import annotations

from functools import partial

from litestar import get
from litestar.types import ASGIApp

from estimates import instants
from estimates.compare.series import ComparedMoves, compared_moves
from estimates.compare.series_report import DEFAULT_LAST, Series
from estimates_api.http.documented import answers
from estimates_api.http.parameters import AsOf, Last, SetName
from estimates_api.http.representation import TABLES, VARY, encoded, entity_tag, negotiated
from estimates_api.http.tables import content_type, write_form
from estimates_api.http.url_text import ReadRequest, read_time
from estimates_api.serving.follower import Follower, InjectedFollower
from estimates_api.serving.reports import InjectedReports
from estimates_api.serving.threads import in_thread


@get(
    "/v1/sets/{set:str}/stability",
    **answers(
        Series,
        304,
        404,
        406,
        description="A row for each move of production, oldest first.",
        forms={200: TABLES},
        computed=True,
    ),
)
async def stability(
    request: ReadRequest,
    follower: InjectedFollower,
    reports: InjectedReports,
    set_name: SetName,
    last: Last = DEFAULT_LAST,
    as_of: AsOf = None,
) -> ASGIApp:
    """What each of the last moves of production changed, from one version to another, rollbacks
    too.
    """
    form = negotiated(request.scope, TABLES)
    moves, moment = await in_thread(partial(_moves, follower, set_name, last, as_of))
    name = ("stability", set_name, moves.cache_name(), form)
    return await reports.answer(
        request.scope,
        name,
        lambda: _written(reports.series(moves), form),
        etag=entity_tag(*name),
        media_type=content_type(form),
        head=[*encoded({"estimates-as-of": moment}), VARY],
    )


def _moves(
    follower: Follower, name: str, last: int, as_of: str | None
) -> tuple[ComparedMoves, str]:
    """The moves of production, and the moment of the answer."""
    moment = read_time(as_of, "as_of")
    reader = follower.at(moment)
    moves = compared_moves(reader.view, name, follower.store.frame, last=last, as_of=moment)
    return moves, instants.text(moment or reader.view.moment)


def _written(series: Series, form: str) -> bytes:
    return write_form(form, lambda: series.json, series.frame, {"set": series.set})


ROUTES = [stability]
