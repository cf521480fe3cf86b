"""How good the estimates were, as far as actual values are known."""

from __future__ import annotations

from litestar.types import ASGIApp

from estimates.accuracy.accuracy_report import SetAccuracy
from estimates_api.desk.accuracy_pictures import coverage_picture, errors_by_version, pit_picture
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.links import answer_path
from estimates_api.http.bodies import SetDetail
from estimates_api.http.parameters import AsOf, ScoredVintage, SetName
from estimates_api.http.url_text import ReadRequest

_VERSIONS = 60  # in the table; the picture has all that are scored


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
    pictures = {
        column: [
            (label, caption, picture)
            for label, caption, picture in (
                (
                    "By version",
                    "Blue: mean error. Orange: WIS, the error of the whole distribution. "
                    "Each dot leads to its version.",
                    errors_by_version(set_name, accuracy.versions, column),
                ),
                (
                    "Do intervals hold?",
                    "How often the actual value lay in each interval, by horizon; dashed: what it "
                    "promises.",
                    coverage_picture(together.horizons),
                ),
                (
                    "Where actual values fell (PIT)",
                    "Density between neighbouring quantiles: all at the dashed line: as promised; "
                    "high in the middle: too wide, high at the ends: too narrow.",
                    pit_picture(together.pit),
                ),
            )
            if picture is not None
        ]
        for column, together in accuracy.together.items()
    }
    return page.draw(
        "accuracy.html",
        set=of_set,
        accuracy=accuracy,
        vintage=vintage,
        pictures=pictures,
        shown=accuracy.versions[: -_VERSIONS - 1 : -1],
    )


ROUTES = [scores]
