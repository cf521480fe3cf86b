"""Why an estimate is what it is."""

from __future__ import annotations

from litestar.types import ASGIApp

from estimates.reading import explanation
from estimates.reading.explanation import Explanation
from estimates_api.access.shown_provenance import sees_provenance
from estimates_api.http.parameters import (
    DEFAULT_REF,
    AsOf,
    KeyPath,
    MomentParameters,
    QueryRef,
    SetName,
    ShapeNumber,
)
from estimates_api.http.resolved_request import resolve
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.url_text import ReadRequest, read_key


@reading(
    "/v1/sets/{set:str}/explain/{key:path}",
    Explanation,
    410,
    description="All that is known of the estimate.",
)
def explain(
    request: ReadRequest,
    follower: InjectedFollower,
    set_name: SetName,
    key: KeyPath,
    ref: QueryRef = DEFAULT_REF,
    as_of: AsOf = None,
    shape: ShapeNumber = None,
) -> ASGIApp:
    """One estimate with what came before it, its run and inputs, its verdict, who promoted it,
    accuracy so far.
    """
    resolved = resolve(follower.at, set_name, ref, MomentParameters(as_of, shape))
    answer = explanation.explain(
        resolved.reader,
        follower.store.catalog,
        resolved.version,
        read_key(key),
        public=not sees_provenance(request.scope, set_name),
    )
    return resolved.about(answer.json)


ROUTES = [explain]
