"""One key through the versions."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from estimates import instants
from estimates_api.http.bodies import HistoryBody
from estimates_api.http.compression import VARY, Compressible
from estimates_api.http.negotiation import TABLES, negotiated
from estimates_api.http.parameters import (
    ByClock,
    Chained,
    Fields,
    KeyPath,
    Only,
    SetName,
    Since,
    ToldShape,
    Until,
    read_fields,
    read_key,
    read_time,
)
from estimates_api.http.representation import JSON, content_tag
from estimates_api.http.routing import off_loop
from estimates_api.http.tables import CONTENT_TYPES, written
from estimates_api.routes.documentation import Tabular, documented
from estimates_api.serving.follower import Follower


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
    shape: ToldShape = None,
) -> ASGIApp:
    """What each version said about one key, with its times in production; expired ones are left
    out.
    """
    form, reader = negotiated(request.scope, (JSON,) if chain else TABLES), follower.reader
    bounds = {"since": read_time(since, "since"), "until": read_time(until, "until")}
    more = {
        "only": only,
        "fields": read_fields(fields),
        "chain": chain,
        "clock": clock,
        "shape": shape,
    }
    found = reader.history(set_name, read_key(key), **bounds, **more)
    held = reader.view.set(set_name)
    contract = held.present_contract if shape is None else held.revision(held.newest_of(shape))
    body = written(found, contract, form)
    headers, media_type = (
        {"estimates-as-of": instants.text(reader.view.moment)},
        CONTENT_TYPES.get(form, form),
    )
    if found.imported:
        headers["estimates-imported"] = "true"
    return Compressible(
        body, etag=content_tag(body), media_type=media_type, headers=headers, head=[VARY]
    )


ROUTES = [history]
