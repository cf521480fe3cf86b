"""Two versions side by side: any two, chosen from menus; the report, and the changes key by key."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar.params import PathParameter, QueryParameter, QueryParams
from litestar.types import ASGIApp
from markupsafe import Markup

from estimates.contract.contract import Contract
from estimates.render.html import table
from estimates.stability.change_columns import VALUES
from estimates.stability.pages.pictures import MOST_COLUMNS, Pictures
from estimates.stability.pages.sections import (
    NARROW,
    PAGE_LIMITS,
    detailed,
    interval_name,
    sections,
)
from estimates.stability.report import Report
from estimates_api.desk.answers import Answer, NoAnswerError
from estimates_api.desk.comparison_pictures import Drawn, column_pictures, interval_pictures
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.filters import json
from estimates_api.desk.leading_parts import LeadingParts
from estimates_api.desk.links import answer_path, set_path
from estimates_api.desk.timeline import timeline
from estimates_api.desk.version_pair import traits
from estimates_api.http.bodies import ChangeList, SetDetail, VersionDetail, VersionList
from estimates_api.http.parameters import AsOf, Bounds, ChangeMetric, Cursor, PairedBy, SetName
from estimates_api.http.representation import Representation
from estimates_api.http.url_text import ReadRequest, check_names

_ROWS = 50
_ON_LINE = 40  # versions to click, the newest
_FEW_COLUMNS = 2  # of the changes that are shown with both values
_MENU = 300  # versions to choose from, the newest
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
    within: Bounds = None,
    cursor: Cursor = None,
    as_of: AsOf = None,
) -> ASGIApp:
    """What changed from the first version to the second."""
    page = DeskPage(request, as_of)
    of_set, versions = await _menus(page, set_name)
    leading = LeadingParts(of_set.key, query, gaps=True)
    check_names(query, [*leading.names, "by", "pairing", "within", "cursor", "as_of"])
    at = None if first.isdigit() and second.isdigit() else page.as_of
    question = {"from": first, "to": second, "pairing": pairing, "as_of": at}
    both = [await _side(page, set_name, ref) for ref in (first, second)]
    report = await page.answers.attempt(Report, answer_path(set_name, "diff"), **question)
    if isinstance(report, Answer) and not report.is_computed:
        raise NoAnswerError(report)
    drawn = await page.answers.attempt(
        Pictures, answer_path(set_name, "diff", "pictures"), **question
    )
    changes = await page.answers.attempt(
        ChangeList,
        answer_path(set_name, "diff", "changes"),
        **question,
        by=by or None,
        within=_bounds(within, leading.beyond),
        limit=_ROWS,
        cursor=cursor,
        **leading.query(),
    )
    return page.draw(
        "comparison.html",
        set=of_set,
        versions=versions,
        first=both[0].version,
        second=both[1].version,
        both=both,
        traits=traits(*both),
        lanes=timeline([v for v in versions.versions[:_ON_LINE][::-1] if v.state != "expired"], []),
        within=within,
        leading=leading,
        by=by or (changes.by if isinstance(changes, ChangeList) else None),
        pairing=pairing,
        cursor=cursor,
        **_shown(msgspec.convert(of_set.contract, Contract), report, drawn, changes),
    )


def _shown(
    contract: Contract,
    report: Report | Answer,
    drawn: Pictures | Answer,
    changes: ChangeList | Answer,
) -> dict[str, Any]:
    """What is shown of the three answers, as far as they are there."""
    unready = [part for part in (report, drawn, changes) if isinstance(part, Answer)]
    numbers = _numbers(changes)
    refused = isinstance(changes, Answer) and not changes.is_computed
    return {
        "waits": any(part.is_computed for part in unready),
        "report": report if isinstance(report, Report) else None,
        "pictures": _pictures(report, drawn),
        "tables": _tables(report),
        "changes": changes if isinstance(changes, ChangeList) else None,
        "problem": changes.problem() if isinstance(changes, Answer) and refused else None,
        "numbers": numbers,
        "whole": [name for name in numbers if _is_whole(contract, name, numbers)],
        "words": _words(changes),
        "metrics": _metrics(changes),
        "points": {name: contract.percentage_points(name) for name in numbers},
    }


def _is_whole(contract: Contract, name: str, numbers: list[str]) -> bool:
    """Whether a column is shown with both values: of many those that stand for an estimate."""
    return len(numbers) <= _FEW_COLUMNS or name in (contract.main, *contract.points)


async def _side(page: DeskPage, name: str, ref: str) -> VersionDetail:
    """What is known of one of the two versions."""
    at = None if ref.isdigit() else page.as_of
    return await page.get(VersionDetail, answer_path(name, "versions", ref), as_of=at)


def _tables(report: Report | Answer) -> list[Markup]:
    """The numbers of the report, escaped already."""
    if isinstance(report, Answer):
        return []
    shown = sections(report, PAGE_LIMITS)
    return [Markup(table(section, whole=section.name not in NARROW)) for section in shown]


async def _menus(page: DeskPage, name: str) -> tuple[SetDetail, VersionList]:
    moment = {"as_of": page.as_of}
    return (
        await page.get(SetDetail, answer_path(name), **moment),
        await page.get(VersionList, answer_path(name, "versions"), limit=_MENU, **moment),
    )


def _pictures(
    report: Report | Answer, drawn: Pictures | Answer
) -> list[tuple[str, str, list[Drawn]]]:
    """By column and interval what is drawn: a heading, a unit, pictures."""
    if isinstance(report, Answer) or isinstance(drawn, Answer):
        return []
    if not report.keys.common or report.identical:
        return []
    columns = [
        (name, report.columns[name].unit or "", column_pictures(report, drawn, name))
        for name in detailed(report)[:MOST_COLUMNS]
    ]
    intervals = [
        (f"Interval {interval_name(interval)}", "", interval_pictures(interval, counted))
        for interval, counted in zip(report.intervals, drawn.intervals, strict=False)
    ]
    return [part for part in [*columns, *intervals] if part[2]]


def _metrics(changes: Any) -> list[str]:
    """What the changes can be sorted by: the metrics of all columns that this page shows."""
    if not isinstance(changes, ChangeList):
        return []
    names = (
        f"{column}.{metric}"
        for change in changes.changes
        for column, metrics in change.columns.items()
        for metric in metrics
        if metric not in (*VALUES, "material")
    )
    return list(dict.fromkeys(names))


def _numbers(changes: Any) -> list[str]:
    """The columns of the changes that are numbers and differ, as far as this page shows."""
    return [name for name, measured in _differing(changes).items() if measured]


def _words(changes: Any) -> list[str]:
    """The columns of the changes without metrics that differ: labels, and what is carried along."""
    return [name for name, measured in _differing(changes).items() if not measured]


def _differing(changes: Any) -> dict[str, bool]:
    """The columns that differ in any of the changes, and whether they have metrics."""
    if not isinstance(changes, ChangeList):
        return {}
    return {
        name: "d" in values
        for change in changes.changes
        for name, values in change.columns.items()
        if values.get("a") != values.get("b")
    }


def _bounds(within: str | None, beyond: dict[str, str]) -> str | None:
    """The bounds of a bar, and parts of the key that do not lead."""
    if not beyond:
        return within
    try:
        bounds = msgspec.json.decode(within or "[]", type=list[Any])
    except msgspec.DecodeError:
        return within  # the answer says what is wrong with it
    return json([*bounds, *([column, text] for column, text in beyond.items())])


ROUTES = [choose, comparison]
