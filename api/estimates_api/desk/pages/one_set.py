"""A set: what it is, its versions through time, how fresh it is, how to read it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from litestar.types import ASGIApp

from estimates.catalog.records import VersionSummary
from estimates_api.desk.attention import attention
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.links import answer_path
from estimates_api.desk.snippets import snippets
from estimates_api.desk.timeline import MARKS, timeline
from estimates_api.http.bodies import EstimatePage, EventBody, EventList, SetDetail, VersionList
from estimates_api.http.parameters import AsOf, Cursor, SetName
from estimates_api.http.url_text import ReadRequest

_VERSIONS = 30  # on a page
_EVENTS = 12
_MOVES = "promoted,rolled_back,alias_removed"
_DECISIONS = "defined,waived,unwaived,hold_placed,hold_released,erased,retired,unretired"


@desk_page("/sets/{set:str}")
async def one_set(
    request: ReadRequest, set_name: SetName, cursor: Cursor = None, as_of: AsOf = None
) -> ASGIApp:
    """One set."""
    page = DeskPage(request, as_of)
    moment = {"as_of": page.as_of}
    detail = await page.get(SetDetail, answer_path(set_name), **moment)
    versions = await page.get(
        VersionList, answer_path(set_name, "versions"), limit=_VERSIONS, cursor=cursor, **moment
    )
    events = "/v1/events"
    newest = {"set": set_name, "order": "newest", **moment}
    moves = await page.get(EventList, events, kind=_MOVES, limit=1000, **newest)
    latest = await page.get(EventList, events, limit=_EVENTS, **newest)
    first = await page.answers.attempt(
        EstimatePage, answer_path(set_name, "estimates"), limit=1, **moment
    )
    decided = await page.get(EventList, events, kind=_DECISIONS, limit=200, **newest)
    of_production = [move for move in reversed(moves.events) if move.alias == "production"]
    return page.draw(
        "set.html",
        set=detail,
        contract=detail.contract,
        reasons=attention(detail),
        versions=versions,
        timeline=timeline(versions.versions[::-1], of_production, decided.events[::-1]),
        revisions=[event for event in decided.events if event.kind == "defined"],
        marks=MARKS,
        events=latest.events,
        compared=_compared(versions.versions, of_production),
        snippets=snippets(
            _base(request), set_name, _key(first, detail.key), with_token=page.reader is not None
        ),
        cursor=cursor,
    )


def _compared(
    versions: Sequence[VersionSummary], moves: Sequence[EventBody]
) -> dict[int, int | None]:
    """What to compare each version with: what was in production when it was published; where
    nothing was, the version before.

    moves  of production, oldest first
    """
    times = [move.at for move in moves]
    compared: dict[int, int | None] = {}
    for version in versions:
        before = bisect_left(times, version.published_at)
        served = moves[before - 1].version if before else None
        is_other = served not in (None, version.version)
        compared[version.version] = served if is_other else version.version - 1 or None
    return compared


def _key(first: Any, key: list[str]) -> list[str] | None:
    """The key of an estimate there is, as text."""
    if not isinstance(first, EstimatePage) or not first.estimates:
        return None
    return [str(first.estimates[0][name]) for name in key if name in first.estimates[0]]


def _base(request: ReadRequest) -> str:
    """The address by which the reader came."""
    return str(request.base_url).rstrip("/")


ROUTES = [one_set]
