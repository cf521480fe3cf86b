"""The estimates of a version by the size of one column."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import unquote

import msgspec
import polars as pl
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from estimates.contract.columns import key_text
from estimates.errors import InvalidError
from estimates.reading.page_cursor import (
    check_limit,
    decode_cursor,
    encode_cursor,
    other_request,
)
from estimates.render.wording import did_you_mean
from estimates_api.http.bodies import Ranking
from estimates_api.http.parameters import (
    MomentParameters,
    PathRef,
    RankedBy,
    RankingParameters,
    SetName,
)
from estimates_api.http.representation import next_link
from estimates_api.http.resolved_request import ResolvedRequest, resolve
from estimates_api.http.route import InjectedFollower, InjectedReports, reading
from estimates_api.http.url_text import ReadRequest
from estimates_api.serving.follower import Follower
from estimates_api.serving.leading_rows import LeadingRows, depth_for, leading_rows
from estimates_api.serving.reports import still_computing
from estimates_api.serving.threads import in_thread


class RankingCursor(msgspec.Struct, frozen=True, array_like=True):
    """Where the next page begins, and what it goes on with."""

    version: int
    after: int
    by: str
    order: str


class _Results(msgspec.Struct):
    """The part of a batch that has the rows."""

    results: list[dict[str, msgspec.Raw]]


@reading(
    "/v1/sets/{set:str}/versions/{ref:str}/ranking",
    Ranking,
    410,
    computed=True,
    description="A page of estimates, the largest or the smallest first.",
    ranking=RankingParameters,
)
async def ranking(
    request: ReadRequest,
    follower: InjectedFollower,
    reports: InjectedReports,
    set_name: SetName,
    ref: PathRef,
    by: RankedBy,
    ranking: NamedDependency[RankingParameters],
) -> ASGIApp:
    """The estimates of a version by one column: the largest first, or the smallest; equal ones in
    key order, nulls last.

    A cursor belongs to one version: with it, `ref` counts for nothing.
    """
    check_limit(ranking.limit)
    cursor = None if ranking.cursor is None else decode_cursor(ranking.cursor, RankingCursor)
    if cursor is not None and (cursor.by, cursor.order) != (by, ranking.order):
        raise other_request()
    moment = MomentParameters(ranking.as_of) if cursor is None else MomentParameters()
    named = unquote(ref) if cursor is None else str(cursor.version)
    resolved = await in_thread(resolve, follower.at, set_name, named, moment)
    after = 0 if cursor is None else cursor.after
    depth = depth_for(after + ranking.limit)
    ranked = partial(_ranked, follower, resolved, by, ranking.order)
    kept = await reports.within(
        request.scope,
        ("ranking", set_name, resolved.version.snapshot_id, by, ranking.order, depth),
        lambda: leading_rows(ranked, depth),
    )
    if kept is None:
        return still_computing(request.scope, resolved.head)
    page = await in_thread(_page, resolved, kept, by, ranking, after)
    answer = resolved.about(page)
    if page["next"] is not None:
        same = {"by": by, "order": ranking.order, "limit": ranking.limit}
        answer.headers["link"] = next_link(same, cursor=page["next"])
    return answer


def _ranked(follower: Follower, resolved: ResolvedRequest, by: str, order: str) -> pl.DataFrame:
    """The keys of the version in the order of the ranking; they lie in key order, which a stable
    sort keeps among equal ones.
    """
    version = resolved.version
    contract = resolved.reading.contract
    names = [*contract.key, *contract.columns]
    if by not in names:
        raise InvalidError(
            "unknown_field",
            f"{version.set}: there is no column {by!r}{did_you_mean(by, names)}",
            remedy=f"columns: {', '.join(names)}",
        )
    with follower.store.unexpired(version):
        files = follower.store.data_files.open(version.set, version.snapshot_id)
    key = list(contract.key)
    rows = files.select(list(dict.fromkeys([*key, by])))
    largest = order == "largest"
    return rows.sort(by, descending=largest, nulls_last=True, maintain_order=True).select(key)


def _page(
    resolved: ResolvedRequest, kept: LeadingRows, by: str, ranking: RankingParameters, after: int
) -> dict[str, Any]:
    """The fields of a `Ranking`, the estimates as they are stored."""
    version = resolved.version
    shown = kept.rows.slice(after, ranking.limit)
    answer = resolved.reading.get_many([[key_text(part) for part in row] for row in shown.rows()])
    results = msgspec.json.decode(answer.json, type=_Results).results
    end = after + ranking.limit
    following = RankingCursor(version.version, end, by, ranking.order)
    return {
        "set": version.set,
        "version": version.version,
        "by": by,
        "order": ranking.order,
        "total": kept.total,
        "limit": ranking.limit,
        "next": encode_cursor(following) if end < kept.total else None,
        "estimates": [result["estimate"] for result in results if "estimate" in result],
    }


ROUTES = [ranking]
