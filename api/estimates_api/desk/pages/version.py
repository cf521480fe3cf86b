"""A version: where it comes from, what was decided about it, its estimates."""

from __future__ import annotations

from typing import Any

from litestar.params import QueryParams
from litestar.types import ASGIApp

from estimates.gate.verdict import Verdict
from estimates_api.desk.answers import Answer
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.lineage import lineage
from estimates_api.desk.links import answer_path
from estimates_api.desk.table_filter import NAMES, TableFilter
from estimates_api.http.bodies import EstimatePage, Ranking, SetDetail, VersionDetail
from estimates_api.http.parameters import AsOf, ChangeMetric, Cursor, PathRef, RankingOrder, SetName
from estimates_api.http.url_text import ReadRequest, check_names

_ROWS = 50


@desk_page("/sets/{set:str}/versions/{ref:str}")
async def version(
    request: ReadRequest,
    set_name: SetName,
    ref: PathRef,
    query: QueryParams,
    cursor: Cursor = None,
    by: ChangeMetric = None,
    order: RankingOrder = "largest",
    as_of: AsOf = None,
) -> ASGIApp:
    """One version. Leading parts of the key are `k1`, `k2`, …."""
    page = DeskPage(request, as_of)
    detail = await page.get(
        VersionDetail, answer_path(set_name, "versions", ref), as_of=at_of(page, ref)
    )
    of_set = await page.get(SetDetail, answer_path(set_name), as_of=page.as_of)
    schema = await page.get(dict[str, Any], answer_path(set_name, "schema"), shape=detail.shape)
    key = schema["required"]
    chosen = TableFilter(key, [name for name in schema["properties"] if name not in key], query)
    check_names(query, [*chosen.parts.names, *NAMES, "cursor", "as_of", "by", "order"])
    number = str(detail.version)
    below = answer_path(set_name, "versions", number)
    if by is None or chosen.any:
        path = answer_path(set_name, "estimates")
        sorted_by = None if by is None else f"-{by}" if order == "largest" else by
        kind = EstimatePage
        question = {"ref": number, "order": sorted_by, **chosen.query()}
    else:
        kind, path, question = Ranking, f"{below}/ranking", {"by": by, "order": order}
    estimates = await page.answers.attempt(kind, path, limit=_ROWS, cursor=cursor, **question)
    verdict = await page.answers.attempt(Verdict, f"{below}/verdict")
    unready = estimates if isinstance(estimates, Answer) else None
    return page.draw(
        "version.html",
        waits=unready is not None and unready.is_computed,
        set=of_set,
        v=detail,
        schema=schema,
        chosen=chosen,
        by=by,
        order=order,
        rows=None if isinstance(estimates, Answer) else estimates,
        problem=unready.problem() if unready is not None else None,
        verdict=verdict if isinstance(verdict, Verdict) else None,
        lineage=lineage(detail, of_set.read_by),
        cursor=cursor,
    )


def at_of(page: DeskPage, ref: str) -> str | None:
    """The moment to ask a ref for: a number means the same at all times."""
    return None if ref.isdigit() else page.as_of


ROUTES = [version]
