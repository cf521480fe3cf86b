"""The stability of a set in a line, as a picture for the catalogue."""

from __future__ import annotations

from litestar.types import ASGIApp

from estimates.compare.series_report import PairMove, Series
from estimates_api.desk.axes import Scale, path_of
from estimates_api.desk.desk_page import SECURITY, DeskPage, desk_page
from estimates_api.desk.links import answer_path
from estimates_api.http.parameters import AsOf, SetName
from estimates_api.http.representation import REVALIDATE, Representation, content_tag
from estimates_api.http.url_text import ReadRequest

_MOVES = 16
_PATIENCE_S = 10.0  # a picture does not ask again, and nothing waits for it
_WIDTH, _HEIGHT = 120, 28


@desk_page("/sets/{set:str}/stability.svg")
async def sparkline(request: ReadRequest, set_name: SetName, as_of: AsOf = None) -> ASGIApp:
    """By how much 1 in 20 keys moved at each of the last moves of production; empty while that is
    being computed.
    """
    page = DeskPage(request, as_of, patience_s=_PATIENCE_S)
    series = await page.answers.attempt(
        Series, answer_path(set_name, "stability"), last=_MOVES, as_of=page.as_of
    )
    values = _values(series.pairs) if isinstance(series, Series) else []
    svg = page.written("sparkline.svg", points=_points(values), width=_WIDTH, height=_HEIGHT)
    return Representation(
        svg,
        etag=content_tag(svg),
        cache=REVALIDATE,
        media_type="image/svg+xml",
        headers=dict(SECURITY),
    )


def _values(pairs: list[PairMove]) -> list[float]:
    """What 1 in 20 keys of the first number moved by, at each move that says so."""
    return [
        column.plain_p95
        for pair in pairs
        for column in list(pair.columns.values())[:1]
        if column.plain_p95 is not None
    ]


def _points(values: list[float]) -> str:
    x = Scale(0, max(len(values) - 1, 1), 3, _WIDTH - 3)
    y = Scale(0, max(values, default=0.0) or 1.0, _HEIGHT - 3, 3)
    return path_of([(x(i), y(value)) for i, value in enumerate(values)])


ROUTES = [sparkline]
