"""A set: what it is, its versions through time, how fresh it is, how to read it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

import msgspec
from litestar.types import ASGIApp

from estimates.accuracy.accuracy_report import SetAccuracy
from estimates.catalog.event_kinds import EventKind
from estimates.catalog.records import VersionSummary
from estimates.compare.series_report import Series
from estimates.contract.contract import Contract
from estimates_api.desk.answers import Answer
from estimates_api.desk.attention import Attention, attention, refusals
from estimates_api.desk.contract_words import contract_words
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.links import answer_path
from estimates_api.desk.set_record import set_record
from estimates_api.desk.snippets import snippets
from estimates_api.desk.timeline import MARKS, timeline
from estimates_api.http.bodies import (
    EstimatePage,
    EventBody,
    EventList,
    SetDetail,
    SetList,
    SetSummary,
    VersionDetail,
    VersionList,
)
from estimates_api.http.health_bodies import Readiness
from estimates_api.http.parameters import AsOf, Cursor, SetName
from estimates_api.http.url_text import ReadRequest

_VERSIONS = 30  # on a page
_EVENTS = 12
_DRAWN_MOVES = 30
_MOVES_AT_ONCE = 1000
_QUIET = ("scored", "regraded", "tracked")  # what programs write down after a version
_NEWS = ",".join(kind for kind in get_args(EventKind) if kind not in _QUIET)
_MOVES = "promoted,rolled_back,alias_removed"
_DECISIONS = "defined,waived,unwaived,hold_placed,hold_released,erased,retired,unretired"


@desk_page("/sets/{set:str}")
async def set_page(
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
    following = await _following(page, set_name, versions)
    moves = await _moves(page, newest, versions)
    latest = await page.get(EventList, events, kind=_NEWS, limit=_EVENTS, **newest)
    first = await page.answers.attempt(
        EstimatePage, answer_path(set_name, "estimates"), limit=1, **moment
    )
    decided = await page.get(EventList, events, kind=_DECISIONS, limit=200, **newest)
    of_production = [move for move in reversed(moves) if move.alias == "production"]
    series = await _series(page, detail)
    accuracy = await page.answers.attempt(SetAccuracy, answer_path(set_name, "accuracy"))
    contract = msgspec.convert(detail.contract, Contract)
    members = None if contract.family is None else await _members(page, set_name)
    return page.draw(
        "set.html",
        waits=isinstance(series, Answer) and series.is_computed,
        so_far=set_record(
            set_name,
            contract.main,
            series if isinstance(series, Series) else None,
            accuracy if isinstance(accuracy, SetAccuracy) else None,
        ),
        set=detail,
        promises=contract_words(contract),
        contract=detail.contract,
        members=members,
        reasons=await _reasons(page, detail, members),
        versions=versions,
        timeline=timeline(
            versions.versions[::-1],
            of_production,
            [*decided.events[::-1], *(m for m in of_production if m.kind == "rolled_back")],
            None if following is None else following.published_at,
        ),
        revisions=[event for event in decided.events if event.kind == "defined"],
        marks=MARKS,
        events=latest.events,
        compared=_compared(versions.versions, of_production),
        snippets=snippets(
            _base(request), set_name, _key(first, detail.key), with_token=page.reader is not None
        ),
        cursor=cursor,
    )


async def _members(page: DeskPage, family: str) -> list[SetSummary]:
    """The sets of a family, by name."""
    sets = await page.get(SetList, "/v1/sets", as_of=page.as_of)
    return [each for each in sets.sets if each.family == family != each.name]


async def _reasons(
    page: DeskPage, detail: SetDetail, members: list[SetSummary] | None
) -> list[Attention]:
    """Why the set needs somebody."""
    ready = await page.answers.attempt(Readiness, "/health/ready") if page.as_of is None else None
    failing = await refusals(page, [detail])
    return attention(
        detail,
        ready if isinstance(ready, Readiness) else None,
        failing.get(detail.name, ()),
        None if members is None else len(members),
    )


async def _series(page: DeskPage, detail: SetDetail) -> Series | Answer | None:
    """What the last moves of production changed; not asked for where nothing can have moved."""
    if "production" not in detail.aliases or detail.versions < 2:
        return None
    path = answer_path(detail.name, "stability")
    return await page.answers.attempt(Series, path, last=_DRAWN_MOVES, as_of=page.as_of)


async def _following(page: DeskPage, name: str, versions: VersionList) -> VersionDetail | None:
    """The version after those of a page, of one that is not the first."""
    newest = versions.versions[0].version if versions.versions else None
    if newest is None or newest == versions.total:
        return None
    return await page.get(VersionDetail, answer_path(name, "versions", newest + 1))


async def _moves(
    page: DeskPage, newest: dict[str, str | None], versions: VersionList
) -> list[EventBody]:
    """The moves of aliases, the newest first, from before the first version of a page on."""
    oldest = versions.versions[-1].published_at if versions.versions else None
    moves: list[EventBody] = []
    before: int | None = None
    while True:
        part = await page.get(
            EventList, "/v1/events", kind=_MOVES, limit=_MOVES_AT_ONCE, before=before, **newest
        )
        moves += part.events
        before = part.next
        if before is None or oldest is None or _reaches(moves, oldest):
            return moves


def _reaches(moves: Sequence[EventBody], moment: datetime) -> bool:
    """Whether what was in production at a moment is among the moves, the newest first."""
    return any(move.alias == "production" and move.at < moment for move in reversed(moves))


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


ROUTES = [set_page]
