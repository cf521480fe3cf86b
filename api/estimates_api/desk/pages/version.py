"""A version: where it comes from, what was decided about it, its estimates."""

from __future__ import annotations

from typing import Any

from litestar.params import QueryParams
from litestar.types import ASGIApp

from estimates.gate.verdict import Verdict
from estimates_api.desk.answers import Answer
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.leading_parts import LeadingParts
from estimates_api.desk.links import answer_path
from estimates_api.http.bodies import EstimatePage, SetDetail, VersionDetail
from estimates_api.http.parameters import AsOf, Cursor, PathRef, SetName
from estimates_api.http.url_text import ReadRequest, check_names

_ROWS = 50


@desk_page("/sets/{set:str}/versions/{ref:str}")
async def version(
    request: ReadRequest,
    set_name: SetName,
    ref: PathRef,
    query: QueryParams,
    cursor: Cursor = None,
    as_of: AsOf = None,
) -> ASGIApp:
    """One version. Leading parts of the key are `k1`, `k2`, …."""
    page = DeskPage(request, as_of)
    detail = await page.get(
        VersionDetail, answer_path(set_name, "versions", ref), as_of=at_of(page, ref)
    )
    of_set = await page.get(SetDetail, answer_path(set_name), as_of=page.as_of)
    schema = await page.get(dict[str, Any], answer_path(set_name, "schema"), shape=detail.shape)
    leading = LeadingParts(schema["required"], query)
    check_names(query, [*leading.names, "cursor", "as_of"])
    number = str(detail.version)
    estimates = await page.answers.attempt(
        EstimatePage,
        answer_path(set_name, "estimates"),
        ref=number,
        limit=_ROWS,
        cursor=cursor,
        **leading.query(),
    )
    verdict = await page.answers.attempt(
        Verdict, answer_path(set_name, "versions", number, "verdict")
    )
    return page.draw(
        "version.html",
        set=of_set,
        v=detail,
        schema=schema,
        leading=leading,
        rows=estimates if isinstance(estimates, EstimatePage) else None,
        problem=estimates.problem() if isinstance(estimates, Answer) else None,
        verdict=verdict if isinstance(verdict, Verdict) else None,
        cursor=cursor,
    )


def at_of(page: DeskPage, ref: str) -> str | None:
    """The moment to ask a ref for: a number means the same at all times."""
    return None if ref.isdigit() else page.as_of


ROUTES = [version]
