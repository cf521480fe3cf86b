"""Two versions side by side: any two, chosen from menus; the report, and the changes key by key."""

from __future__ import annotations

from typing import Annotated, Any

from litestar.params import PathParameter, QueryParameter, QueryParams
from litestar.types import ASGIApp
from markupsafe import Markup

from estimates.stability.report import Report
from estimates_api.desk.answers import Answer
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.leading_parts import LeadingParts
from estimates_api.desk.links import answer_path, set_path
from estimates_api.http.bodies import ChangeList, SetDetail, VersionList
from estimates_api.http.parameters import AsOf, ChangeMetric, Cursor, PairedBy, SetName
from estimates_api.http.representation import HTML, Representation
from estimates_api.http.url_text import ReadRequest, check_names

_ROWS = 50
_MENU = 1000  # versions to choose from, the newest
From = Annotated[str | None, QueryParameter(name="from")]
To = Annotated[str | None, QueryParameter(name="to")]
Paired = Annotated[str | None, QueryParameter(name="pairing")]
FromPath = Annotated[str, PathParameter(name="first")]
ToPath = Annotated[str, PathParameter(name="second")]


@desk_page("/sets/{set:str}/diff")
async def choose(
    request: ReadRequest,
    set_name: SetName,
    first: From = None,
    second: To = None,
    pairing: Paired = None,
    as_of: AsOf = None,
) -> ASGIApp:
    """Two menus; what they send leads to the page of these two versions."""
    page = DeskPage(request, as_of)
    if first and second:
        path = set_path(set_name, "diff", first, second)
        headers = {"location": page.links.page(path, pairing=pairing or None)}
        return Representation(b"", status=303, headers=headers)
    of_set, versions = await _menus(page, set_name)
    return page.draw("choose.html", set=of_set, versions=versions, first=None, second=None)


@desk_page("/sets/{set:str}/diff/{first:str}/{second:str}")
async def comparison(
    request: ReadRequest,
    set_name: SetName,
    first: FromPath,
    second: ToPath,
    query: QueryParams,
    by: ChangeMetric = None,
    pairing: PairedBy = None,
    cursor: Cursor = None,
    as_of: AsOf = None,
) -> ASGIApp:
    """What changed from the first version to the second."""
    page = DeskPage(request, as_of)
    of_set, versions = await _menus(page, set_name)
    leading = LeadingParts(of_set.key, query)
    check_names(query, [*leading.names, "by", "pairing", "cursor", "as_of"])
    named = not (first.isdigit() and second.isdigit())
    question = {
        "from": first,
        "to": second,
        "pairing": pairing,
        "as_of": page.as_of if named else None,
    }
    report = await page.get(Report, answer_path(set_name, "diff"), **question)
    drawn = await page.answers.answer(answer_path(set_name, "diff"), question, HTML)
    changes = await page.answers.attempt(
        ChangeList,
        answer_path(set_name, "diff", "changes"),
        **question,
        by=by,
        limit=_ROWS,
        cursor=cursor,
        **leading.query(),
    )
    summaries = {v.version: v for v in versions.versions}
    answer = page.draw(
        "comparison.html",
        set=of_set,
        versions=versions,
        first=report.from_,
        second=report.to,
        sides=[summaries[n] for n in (report.from_, report.to) if n in summaries],
        report=report,
        body=report_body(drawn),
        wait=drawn.status == 202,
        changes=changes if isinstance(changes, ChangeList) else None,
        problem=changes.problem() if isinstance(changes, Answer) else None,
        numbers=_numbers(changes),
        leading=leading,
        by=by or (changes.by if isinstance(changes, ChangeList) else None),
        pairing=pairing,
        cursor=cursor,
    )
    if drawn.status == 202:  # browsers ask again
        answer.headers["refresh"] = drawn.headers.get("retry-after", "1")
    return answer


async def _menus(page: DeskPage, name: str) -> tuple[SetDetail, VersionList]:
    moment = {"as_of": page.as_of}
    return (
        await page.get(SetDetail, answer_path(name), **moment),
        await page.get(VersionList, answer_path(name, "versions"), limit=_MENU, **moment),
    )


def report_body(drawn: Answer) -> Markup | None:
    """What stands between the head and the end of a report's page, which is escaped already; None
    where there is no such page.
    """
    if drawn.status != 200:
        return None
    _, _, after = drawn.body.decode().partition("</header>")
    return Markup(after.rpartition("</main>")[0])


def _numbers(changes: Any) -> list[str]:
    """The columns of the changes that are numbers, as far as this page shows."""
    if not isinstance(changes, ChangeList):
        return []
    names = dict.fromkeys(name for change in changes.changes for name in change.columns)
    return [
        name
        for name in names
        if any("d" in change.columns.get(name, {}) for change in changes.changes)
    ]


ROUTES = [choose, comparison]
