"""Why an estimate is what it is."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from estimates.reading.explanation import Explanation
from estimates.reading.explanation import explain as explained
from estimates_api.http.parameters import AsOf, KeyPath, QueryRef, SetName, ShapeNumber, read_key
from estimates_api.http.resolved_request import resolve
from estimates_api.http.routing import off_loop
from estimates_api.routes.documentation import documented
from estimates_api.serving.follower import Follower


@get(
    "/v1/sets/{set:str}/explain/{key:path}",
    responses=documented(
        Explanation, 304, 404, 410, description="All that is known of the estimate."
    ),
)
@off_loop
def explain(
    follower: NamedDependency[Follower],
    set_name: SetName,
    key: KeyPath,
    ref: QueryRef = "production",
    as_of: AsOf = None,
    shape: ShapeNumber = None,
) -> ASGIApp:
    """One estimate with what came before it, its run and inputs, its verdict, who promoted it,
    accuracy so far.
    """
    question = resolve(follower.at, set_name, ref, as_of, shape)
    found = explained(question.reader, follower.store.catalog, question.version, read_key(key))
    return question.about(found.json)


ROUTES = [explain]
