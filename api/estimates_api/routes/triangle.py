"""The revision triangle: what all versions of a set said, and how that was revised."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from estimates import instants
from estimates.compare.vintages import Vintages, triangle_json
from estimates.reading import tabular
from estimates.stability.through_time.revision_report import Across
from estimates_api.http.bodies import TriangleBody
from estimates_api.http.compression import VARY, Compressible, held_tag
from estimates_api.http.negotiation import ARROW, CSV, NDJSON, TABLES, negotiated
from estimates_api.http.parameters import AcrossWhat, LeadingKey, OneColumn, SetName, read_key
from estimates_api.http.representation import JSON, Representation, encoded, entity_tag
from estimates_api.http.tables import CONTENT_TYPES
from estimates_api.routes.documentation import Tabular, documented
from estimates_api.serving.follower import Follower
from estimates_api.serving.reports import COMPUTING, Reports, still_computing
from estimates_api.serving.threads import in_thread

_FORMS: dict[str, Callable[[Vintages, Across | None], bytes]] = {
    JSON: lambda found, across: triangle_json(found.bounded(across), found.revisions()),
    NDJSON: lambda found, across: found.bounded(across).write_ndjson().encode(),
    CSV: lambda found, across: tabular.csv(found.bounded(across)),
    ARROW: lambda found, across: tabular.arrow(found.bounded(across), {"set": found.contract.name}),
}


_RESPONSES = (
    documented(
        TriangleBody,
        304,
        404,
        406,
        description="A row a key, a column a horizon or a version; the statistics.",
    )
    | COMPUTING
)


@get("/v1/sets/{set:str}/triangle", responses=_RESPONSES, operation_class=Tabular)
async def triangle(
    request: Request[Any, Any, Any],
    follower: NamedDependency[Follower],
    reports: NamedDependency[Reports],
    set_name: SetName,
    column: OneColumn = None,
    across: AcrossWhat = None,
) -> ASGIApp:
    """What every version said of all keys, and how that was revised."""
    return await _answer(request, follower, reports, set_name, [], column, across)


@get("/v1/sets/{set:str}/triangle/{key:path}", responses=_RESPONSES, operation_class=Tabular)
async def triangle_under(
    request: Request[Any, Any, Any],
    follower: NamedDependency[Follower],
    reports: NamedDependency[Reports],
    set_name: SetName,
    key: LeadingKey,
    column: OneColumn = None,
    across: AcrossWhat = None,
) -> ASGIApp:
    """The same of the keys under a leading part of the key."""
    return await _answer(request, follower, reports, set_name, read_key(key), column, across)


async def _answer(
    request: Request[Any, Any, Any],
    follower: Follower,
    reports: Reports,
    set_name: str,
    key: list[str],
    column: str | None,
    across: Across | None,
) -> ASGIApp:
    form, view = negotiated(request.scope, TABLES), follower.view
    found = await in_thread(partial(Vintages, view, follower.store.columns, set_name, key, column))
    asked = ("triangle", found.name(across, form))
    etag, head = (
        entity_tag(*asked),
        [*encoded({"estimates-as-of": instants.text(view.moment)}), VARY],
    )
    held = held_tag(request.scope, etag)
    if held is not None:
        return Representation(b"", etag=held, head=head)
    body = await reports.within(asked, lambda: _FORMS[form](found, across))
    if body is None:
        return still_computing(request.scope, head)
    return Compressible(body, etag=etag, media_type=CONTENT_TYPES.get(form, form), head=head)


ROUTES = [triangle, triangle_under]
