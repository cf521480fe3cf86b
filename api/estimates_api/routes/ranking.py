"""The estimates of a version by the size of one column."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import msgspec
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
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.serving.follower import Follower


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
    description="A page of estimates, the largest or the smallest first.",
    ranking=RankingParameters,
)
def ranking(
    follower: InjectedFollower,
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
    resolved = resolve(follower.at, set_name, named, moment)
    page = _page(follower, resolved, by, ranking, 0 if cursor is None else cursor.after)
    answer = resolved.about(page)
    if page["next"] is not None:
        same = {"by": by, "order": ranking.order, "limit": ranking.limit}
        answer.headers["link"] = next_link(same, cursor=page["next"])
    return answer


def _page(
    follower: Follower,
    resolved: ResolvedRequest,
    by: str,
    ranking: RankingParameters,
    after: int,
) -> dict[str, Any]:
    """The fields of a `Ranking`, the estimates as they are stored."""
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
    first_by = [by, *(name for name in key if name != by)]
    largest = [ranking.order == "largest", *[False] * (len(first_by) - 1)]
    ranked = rows.sort(first_by, descending=largest, nulls_last=True)
    shown = ranked.slice(after, ranking.limit).select(key)
    answer = resolved.reading.get_many([[key_text(part) for part in row] for row in shown.rows()])
    results = msgspec.json.decode(answer.json, type=_Results).results
    end = after + ranking.limit
    following = RankingCursor(version.version, end, by, ranking.order)
    return {
        "set": version.set,
        "version": version.version,
        "by": by,
        "order": ranking.order,
        "total": len(rows),
        "limit": ranking.limit,
        "next": encode_cursor(following) if end < len(rows) else None,
        "estimates": [result["estimate"] for result in results if "estimate" in result],
    }


ROUTES = [ranking]
