"""The revision triangle: what all versions of a set said, and how that was revised."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from estimates import instants
from estimates.compare.vintages import Vintages, triangle_json
from estimates.stability.through_time.revision_report import Across
from estimates_api.http.bodies import TriangleBody
from estimates_api.http.compression import VARY
from estimates_api.http.documented import Tabular, documented
from estimates_api.http.key_path import read_key
from estimates_api.http.negotiation import TABLES, negotiated
from estimates_api.http.parameters import AcrossColumns, ColumnName, LeadingKey, SetName
from estimates_api.http.representation import encoded, entity_tag
from estimates_api.http.tables import content_type, write_form
from estimates_api.serving.follower import Follower
from estimates_api.serving.reports import COMPUTING, Reports
from estimates_api.serving.threads import in_thread

_RESPONSES = (
    documented(
        TriangleBody,
        *(304, 404, 406),
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
    column: ColumnName = None,
    across: AcrossColumns = None,
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
    column: ColumnName = None,
    across: AcrossColumns = None,
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
    form = negotiated(request.scope, TABLES)
    view = follower.view
    vintages = await in_thread(
        partial(Vintages, view, follower.store.columns, set_name, key, column)
    )
    name = ("triangle", vintages.cache_name(across, form))
    return await reports.answer(
        request.scope,
        name,
        partial(_written, vintages, across, form),
        etag=entity_tag(*name),
        media_type=content_type(form),
        head=[*encoded({"estimates-as-of": instants.text(view.moment)}), VARY],
    )


def _written(vintages: Vintages, across: Across | None, form: str) -> bytes:
    frame = vintages.bounded(across)
    return write_form(
        form,
        lambda: triangle_json(frame, vintages.revisions()),
        lambda: frame.write_ndjson().encode(),
        lambda: frame,
        {"set": vintages.contract.name},
    )


ROUTES = [triangle, triangle_under]
