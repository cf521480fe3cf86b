"""How stable a set is: each move of production, from version to version."""

from __future__ import annotations

from litestar.types import ASGIApp

from estimates.compare.series_report import Series
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.links import answer_path
from estimates_api.desk.move_pictures import move_picture
from estimates_api.http.bodies import SetDetail
from estimates_api.http.parameters import AsOf, ColumnName, Last, SetName
from estimates_api.http.url_text import ReadRequest

_MOVES = 30


@desk_page("/sets/{set:str}/stability")
async def production_moves(
    request: ReadRequest,
    set_name: SetName,
    column: ColumnName = None,
    last: Last = _MOVES,
    as_of: AsOf = None,
) -> ASGIApp:
    """The last moves of production, rollbacks too."""
    page = DeskPage(request, as_of)
    of_set = await page.get(SetDetail, answer_path(set_name), as_of=page.as_of)
    series = await page.get(Series, answer_path(set_name, "stability"), last=last, as_of=page.as_of)
    columns = list(dict.fromkeys(name for pair in series.pairs for name in pair.columns))
    chosen = column if column in columns else next(iter(columns), None)
    return page.draw(
        "stability.html",
        set=of_set,
        series=series,
        columns=columns,
        chosen=chosen,
        picture_of_moves=move_picture(set_name, series.pairs, chosen) if chosen else None,
    )


ROUTES = [production_moves]
