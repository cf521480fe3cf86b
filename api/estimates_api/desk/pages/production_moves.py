"""How stable a set is: each move of production, its worst groups, revisions as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from litestar.params import QueryParameter, QueryParams
from litestar.types import ASGIApp

from estimates.compare.frozen_keys import FrozenKeys
from estimates.compare.series_report import PairMove, Series
from estimates.reading.key_values import KeyValues
from estimates.stability.pages.change_sections import measure_of
from estimates.stability.report import Group, Report
from estimates_api.desk.answers import Answer, NoAnswerError
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.heat_map import VERSIONS, heat_map
from estimates_api.desk.leading_parts import LeadingParts
from estimates_api.desk.links import answer_path
from estimates_api.desk.move_pictures import move_picture
from estimates_api.http.bodies import SetDetail, TriangleBody
from estimates_api.http.parameters import AsOf, ColumnName, Last, SetName
from estimates_api.http.url_text import ReadRequest, check_names

_MOVES = 30
_GROUPS = 12
Still = Annotated[
    int | None,
    QueryParameter(name="still", description="Over how many versions keys stand still."),
]
_MANY_ROWS = 1_000_000  # of a version: whether it stands still is not asked unbidden
_FEW_ROWS = 2000  # of a version: a triangle of all its keys is drawn without being asked for


@desk_page("/sets/{set:str}/stability")
async def production_moves(
    request: ReadRequest,
    set_name: SetName,
    query: QueryParams,
    column: ColumnName = None,
    last: Last = _MOVES,
    still: Still = None,
    as_of: AsOf = None,
) -> ASGIApp:
    """The last moves of production, rollbacks too."""
    page = DeskPage(request, as_of)
    of_set = await page.get(SetDetail, answer_path(set_name), as_of=page.as_of)
    leading = LeadingParts(of_set.key, query)
    check_names(query, [*leading.names, "column", "last", "still", "as_of"])
    series = await page.answers.attempt(
        Series, answer_path(set_name, "stability"), last=last, as_of=page.as_of
    )
    if isinstance(series, Answer) and not series.is_computed:
        raise NoAnswerError(series)
    pairs = series.pairs if isinstance(series, Series) else []
    columns = list(dict.fromkeys(name for pair in pairs for name in pair.columns))
    chosen = column if column in columns else next(iter(columns), None)
    worst = await _worst_groups(page, set_name, pairs, chosen)
    triangle = await _triangle(page, of_set, leading.parts, chosen)
    frozen = await _frozen(page, of_set, still)
    return page.draw(
        "stability.html",
        set=of_set,
        series=series if isinstance(series, Series) else None,
        columns=columns,
        chosen=chosen,
        picture_of_moves=move_picture(set_name, pairs, chosen) if chosen else None,
        churned=any(
            pair.columns[chosen].churn is not None for pair in pairs if chosen in pair.columns
        ),
        worst=None if isinstance(worst, Answer) else worst,
        frozen=frozen if isinstance(frozen, FrozenKeys) else None,
        frozen_waits=isinstance(frozen, Answer) and frozen.is_computed,
        still=still,
        promised=of_set.contract.get("stability", {}).get("frozen_after"),
        leading=leading,
        parts=triangle.key if isinstance(triangle, TriangleBody) else leading.parts,
        most_versions=VERSIONS,
        heat=heat_map(triangle) if isinstance(triangle, TriangleBody) else None,
        triangle_waits=isinstance(triangle, Answer) and triangle.is_computed,
        waits=any(
            isinstance(part, Answer) and part.is_computed
            for part in (series, worst, triangle, frozen)
        ),
    )


async def _triangle(
    page: DeskPage, of_set: SetDetail, parts: list[str], column: str | None
) -> TriangleBody | Answer | None:
    """What versions said of the keys under leading parts; where none are filled in, of those under
    the first part there is, or of all keys of a small set with one key column.
    """
    newest = of_set.newest
    if column is None or newest is None:
        return None
    if not parts and len(of_set.key) == 1 and newest.rows > _FEW_ROWS:
        return None
    if not parts and len(of_set.key) > 1:
        first = await page.answers.attempt(
            KeyValues, answer_path(of_set.name, "keys"), limit=1, as_of=page.as_of
        )
        if not isinstance(first, KeyValues) or not first.values:
            return None
        parts = [first.values[0].value]
    path = answer_path(of_set.name, "triangle", *parts)
    return await page.answers.attempt(
        TriangleBody, path, across="version", column=column, last=VERSIONS + 1, as_of=page.as_of
    )


async def _frozen(
    page: DeskPage, of_set: SetDetail, last: int | None
) -> FrozenKeys | Answer | None:
    """Which keys stand still; of a large set only where that was asked for."""
    if "production" not in of_set.aliases or of_set.newest is None:
        return None
    if last is None and of_set.newest.rows > _MANY_ROWS:
        return None
    path = answer_path(of_set.name, "frozen")
    return await page.answers.attempt(FrozenKeys, path, last=last, as_of=page.as_of)


async def _worst_groups(
    page: DeskPage, name: str, pairs: Sequence[PairMove], column: str | None
) -> tuple[Report, dict[str, list[Group]], str] | Answer | None:
    """The groups that moved most when production last moved between versions that can be
    compared.
    """
    pair = next((p for p in reversed(pairs) if p.reason is None and p.common), None)
    if pair is None or column is None:
        return None
    question = {"from": str(pair.from_), "to": str(pair.to)}
    report = await page.answers.attempt(Report, answer_path(name, "diff"), **question)
    if isinstance(report, Answer):
        return report
    if column not in report.columns:
        return None
    groups = {
        by: sorted(
            (group for group in of if group.plain_p95 is not None),
            key=lambda g: -(g.plain_p95 or 0.0),
        )[:_GROUPS]
        for by, of in report.columns[column].groups.items()
    }
    measure = measure_of(report.columns[column].scalar)
    return report, {by: of for by, of in groups.items() if of}, measure


ROUTES = [production_moves]
