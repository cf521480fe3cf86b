"""The revision triangle: what all versions of a set said, and how that was revised."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from litestar.types import ASGIApp

from estimates.compare.vintages import Vintages, triangle_json
from estimates.stability.through_time.revision_report import Across
from estimates_api.http.bodies import TriangleBody
from estimates_api.http.parameters import (
    AcrossColumns,
    ColumnName,
    LastVersions,
    LeadingKey,
    NoFormulas,
    SetName,
    Then,
)
from estimates_api.http.representation import TABLES, as_of_head, entity_tag, negotiated
from estimates_api.http.route import InjectedFollower, InjectedReports, reading
from estimates_api.http.tables import content_type, write_form
from estimates_api.http.url_text import ReadRequest, read_key, read_time
from estimates_api.serving.follower import Follower
from estimates_api.serving.reports import Reports
from estimates_api.serving.threads import in_thread

_ANSWERS = {
    "body": TriangleBody,
    "description": "A row a key, a column a horizon or a version; the statistics.",
    "forms": TABLES,
    "computed": True,
}


@reading("/v1/sets/{set:str}/triangle", **_ANSWERS)
async def triangle(
    request: ReadRequest,
    follower: InjectedFollower,
    reports: InjectedReports,
    set_name: SetName,
    column: ColumnName = None,
    across: AcrossColumns = None,
    last: LastVersions = None,
    as_of: Then = None,
    no_formulas: NoFormulas = False,
) -> ASGIApp:
    """What every version said of all keys, and how that was revised."""
    made = await in_thread(_vintages, follower, set_name, [], column, last, as_of)
    return await _answer(request, reports, *made, across, no_formulas)


@reading("/v1/sets/{set:str}/triangle/{key:path}", about="key", **_ANSWERS)
async def triangle_under(
    request: ReadRequest,
    follower: InjectedFollower,
    reports: InjectedReports,
    set_name: SetName,
    key: LeadingKey,
    column: ColumnName = None,
    across: AcrossColumns = None,
    last: LastVersions = None,
    as_of: Then = None,
    no_formulas: NoFormulas = False,
) -> ASGIApp:
    """The same of the keys under a leading part of the key."""
    made = await in_thread(_vintages, follower, set_name, read_key(key), column, last, as_of)
    return await _answer(request, reports, *made, across, no_formulas)


def _vintages(
    follower: Follower,
    name: str,
    key: list[str],
    column: str | None,
    last: int | None,
    as_of: str | None,
) -> tuple[Vintages, datetime]:
    """What the versions said, and the moment of the answer."""
    view = follower.past(read_time(as_of, "as_of"), name).view
    return Vintages(view, follower.store.columns, name, key, column, last), view.moment


async def _answer(
    request: ReadRequest,
    reports: Reports,
    vintages: Vintages,
    moment: datetime,
    across: Across | None,
    no_formulas: bool,
) -> ASGIApp:
    form = negotiated(request.scope, TABLES, no_formulas=no_formulas)
    name = ("triangle", vintages.cache_name(across, form))
    return await reports.answer(
        request.scope,
        name,
        partial(_written, vintages, across, form),
        etag=entity_tag(*name),
        media_type=content_type(form),
        head=as_of_head(moment),
    )


def _written(vintages: Vintages, across: Across | None, form: str) -> bytes:
    frame = vintages.bounded(across)
    return write_form(
        form,
        lambda: triangle_json(frame, vintages.revisions()),
        lambda: frame,
        {"set": vintages.contract.name},
        lambda: frame.write_ndjson().encode(),
    )


ROUTES = [triangle, triangle_under]
