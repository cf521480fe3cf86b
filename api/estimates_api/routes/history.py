"""One key through the versions."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from estimates_api.http.bodies import HistoryBody
from estimates_api.http.compression import VARY_TEXT
from estimates_api.http.documented import Tabular, documented
from estimates_api.http.key_path import read_key
from estimates_api.http.listing import of_view
from estimates_api.http.negotiation import TABLES, negotiated
from estimates_api.http.parameters import (
    ByClock,
    Chained,
    Fields,
    HistoryShape,
    KeyPath,
    Only,
    SetName,
    Since,
    Until,
)
from estimates_api.http.query_text import read_fields, read_time
from estimates_api.http.representation import JSON
from estimates_api.http.tables import content_type, write_answer
from estimates_api.serving.follower import Follower
from estimates_api.serving.threads import off_loop


@get(
    "/v1/sets/{set:str}/history/{key:path}",
    responses=documented(
        HistoryBody, 304, 404, 406, description="The key through the versions, oldest first."
    ),
    operation_class=Tabular,
)
@off_loop
def history(
    request: Request[Any, Any, Any],
    follower: NamedDependency[Follower],
    set_name: SetName,
    key: KeyPath,
    since: Since = None,
    until: Until = None,
    only: Only = None,
    fields: Fields = None,
    chain: Chained = False,
    clock: ByClock = None,
    shape: HistoryShape = None,
) -> ASGIApp:
    """What each version said about one key, with its times in production; expired ones are left
    out.
    """
    form = negotiated(request.scope, (JSON,) if chain else TABLES)
    reader = follower.reader
    answer = reader.history(
        set_name,
        read_key(key),
        since=read_time(since, "since"),
        until=read_time(until, "until"),
        only=only,
        fields=read_fields(fields),
        chain=chain,
        clock=clock,
        shape=shape,
    )
    view = reader.view.set(set_name)
    contract = view.present_contract if shape is None else view.revision(view.newest_of(shape))
    body = write_answer(answer, contract, form)
    response = of_view(reader.view, body, content_type(form), VARY_TEXT)
    if answer.imported:
        response.headers["estimates-imported"] = "true"
    return response


ROUTES = [history]
