"""How good the estimates were, as far as actual values are known."""

from __future__ import annotations

from litestar.types import ASGIApp

from estimates.accuracy.accuracy_report import SetAccuracy
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.links import answer_path
from estimates_api.http.bodies import SetDetail
from estimates_api.http.parameters import AsOf, ScoredVintage, SetName
from estimates_api.http.url_text import ReadRequest


@desk_page("/sets/{set:str}/accuracy")
async def scores(
    request: ReadRequest, set_name: SetName, vintage: ScoredVintage = None, as_of: AsOf = None
) -> ASGIApp:
    """The newest scores of each version; they are never those of a past moment."""
    page = DeskPage(request, as_of)
    of_set = await page.get(SetDetail, answer_path(set_name), as_of=page.as_of)
    accuracy = await page.get(
        SetAccuracy, answer_path(set_name, "accuracy"), vintage=vintage or None
    )
    return page.draw("accuracy.html", set=of_set, accuracy=accuracy, vintage=vintage)


ROUTES = [scores]
