"""One key through the versions."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from api.bodies import HistoryBody
from api.documentation import documented
from api.follower import Follower
from api.parameters import Fields, KeyPath, Only, SetName, Since, Until, read_fields, read_key, read_time
from api.representation import of_content
from api.routing import off_loop
from estimates import instants


@get(
    "/v1/sets/{set:str}/history/{key:path}",
    responses=documented(HistoryBody, 304, 404, description="The key through the versions, oldest first."),
)
@off_loop
def history(
    follower: NamedDependency[Follower],
    set_name: SetName,
    key: KeyPath,
    since: Since = None,
    until: Until = None,
    only: Only = None,
    fields: Fields = None,
) -> ASGIApp:
    """What each version said about one key, with its times in production; expired versions are left out."""
    reader = follower.reader
    bounds = {"since": read_time(since, "since"), "until": read_time(until, "until")}
    found = of_content(reader.history(set_name, read_key(key), **bounds, only=only, fields=read_fields(fields)).json)
    found.headers["estimates-as-of"] = instants.text(reader.view.moment)
    return found


ROUTES = [history]
