"""What changed from one version to another: the stability report, and the changes key by key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from litestar.di import NamedDependency
from litestar.params import QueryParams
from litestar.types import ASGIApp

from estimates.catalog.at import At
from estimates.compare.queries import ChangeQuery, DiffQuery
from estimates.compare.two_versions import Comparison, compare
from estimates.stability.pages.pictures import Pictures
from estimates.stability.pages.report_markdown import render_markdown
from estimates.stability.pages.report_text import render_json, render_text
from estimates.stability.report import Report
from estimates_api.http.bodies import ChangeList
from estimates_api.http.parameters import ChangesParameters, DiffParameters, FromRef, SetName
from estimates_api.http.representation import (
    HTML,
    JSON,
    MARKDOWN,
    MEASURED,
    PAGES,
    PARQUET,
    REVALIDATE,
    TABLES,
    TEXT,
    VARY,
    negotiated,
)
from estimates_api.http.resolved_request import ResolvedRequest
from estimates_api.http.route import InjectedFollower, InjectedReports, reading
from estimates_api.http.url_text import ReadRequest, leading_key, names_of, read_ref, read_time
from estimates_api.serving.follower import Follower
from estimates_api.serving.leading_rows import depth_for, first_of
from estimates_api.serving.reports import Reports, still_computing
from estimates_api.serving.threads import in_thread

_FORMS = (*TABLES, PARQUET)
_RENDER: dict[str, Callable[[Report], bytes]] = {
    JSON: render_json,
    TEXT: lambda report: render_text(report).encode(),
    MARKDOWN: lambda report: render_markdown(report).encode(),
}


@reading(
    "/v1/sets/{set:str}/diff",
    Report,
    *(409, 410),
    description="The stability report; docs/stability.md explains it.",
    forms=PAGES,
    computed=True,
    pair=DiffParameters,
)
async def diff(
    request: ReadRequest,
    follower: InjectedFollower,
    reports: InjectedReports,
    set_name: SetName,
    from_ref: FromRef,
    pair: NamedDependency[DiffParameters],
) -> ASGIApp:
    """What changed from one version to another; `to` is production if not given."""
    form = negotiated(request.scope, PAGES)
    comparison, resolved = await in_thread(_compared, follower, set_name, from_ref, pair)
    name = ("diff", comparison.cache_name(), form)
    return await reports.answer(
        request.scope,
        name,
        partial(_rendered, reports, comparison, form),
        etag=resolved.tag(*name),
        media_type=form if form == JSON else f"{form}; charset=utf-8",
        head=resolved.head,
        cached_head=[resolved.cache, VARY],
        computing_head=[(b"refresh", b"1")] if form == HTML else (),  # browsers ask again
    )


@reading(
    "/v1/sets/{set:str}/diff/changes",
    ChangeList,
    *(409, 410),
    description="A page of changes, what moved most first.",
    forms=_FORMS,
    computed=True,
    pair=ChangesParameters,
)
async def changes(
    request: ReadRequest,
    follower: InjectedFollower,
    reports: InjectedReports,
    set_name: SetName,
    query: QueryParams,
    from_ref: FromRef,
    pair: NamedDependency[ChangesParameters],
) -> ASGIApp:
    """What changed key by key; a leading part of the key may be given as query parameters named
    like the key columns.

    A cursor belongs to two versions and one question: with it, aliases and `as_of` count for
    nothing.
    """
    form = negotiated(request.scope, _FORMS, no_formulas=pair.no_formulas)
    comparison, resolved = await in_thread(
        _compared, follower, set_name, from_ref, pair, pair.cursor
    )
    parameters = names_of(request.route_handler)
    # a key column that is named like a parameter of the route cannot be filtered by
    prefix = leading_key(query, list(comparison.contract.key), parameters, reserved=parameters)
    query_of = ChangeQuery(pair.by, pair.min_change, tuple(prefix), pair.within or "")
    selection = comparison.completed(query_of)
    depth = depth_for(comparison.start(selection, pair.cursor).row + pair.limit)
    kept = await reports.within(
        request.scope,
        ("changes", comparison.cache_name(), selection, depth),
        lambda: first_of(*comparison.first_changes(selection, depth)),
    )
    if kept is None:
        return still_computing(request.scope, resolved.head)
    return await in_thread(
        lambda: resolved.page(
            comparison.page(
                selection, kept.rows, limit=pair.limit, cursor=pair.cursor, total=kept.total
            ),
            form,
            query,
            comparison.contract,
        )
    )


@reading(
    "/v1/sets/{set:str}/diff/pictures",
    Pictures,
    *(409, 410),
    description="Numbers of keys by bin.",
    computed=True,
    pair=DiffParameters,
)
async def diff_pictures(
    request: ReadRequest,
    follower: InjectedFollower,
    reports: InjectedReports,
    set_name: SetName,
    from_ref: FromRef,
    pair: NamedDependency[DiffParameters],
) -> ASGIApp:
    """What pictures of all keys are drawn from: how far they moved, old values against new ones, of
    the first columns and intervals.
    """
    comparison, resolved = await in_thread(_compared, follower, set_name, from_ref, pair)
    name = ("pictures", comparison.cache_name("pictures"))
    return await reports.answer(
        request.scope,
        name,
        partial(reports.pictures, comparison),
        etag=resolved.tag(*name),
        media_type=JSON,
        head=resolved.head,
        cached_head=[resolved.cache],
    )


def _rendered(reports: Reports, comparison: Comparison, form: str) -> bytes:
    if form == HTML:
        return reports.page(comparison)
    return _RENDER[form](reports.report(comparison))


def _compared(
    follower: Follower,
    name: str,
    from_ref: str,
    pair: DiffParameters | ChangesParameters,
    cursor: str | None = None,
) -> tuple[Comparison, ResolvedRequest]:
    """The two versions, and what an answer from the second one carries."""
    first = (name, read_ref(from_ref))
    second = (pair.other or name, read_ref(pair.to_ref))
    as_of = read_time(pair.as_of, "as_of")
    reader = follower.at(as_of)
    query = DiffQuery(first[1], second[1], as_of, pair.pairing, pair.other)
    comparison = compare(reader, follower.store.version_rows(), name, query, cursor)
    fixed = cursor is not None or (isinstance(first[1], int) and isinstance(second[1], int))
    moment = as_of or reader.view.moment
    fault = None
    for set_name, ref in () if fixed else (first, second):
        fallback = reader.view.fallback(set_name, At(ref, as_of))
        if fallback is not None:  # the older moment is one at which both refs meant these versions
            moment = min(moment, fallback.moment)
            fault = fallback.fault
    cache = MEASURED if fixed else REVALIDATE
    return comparison, ResolvedRequest(reader, comparison.second, moment, cache=cache, fault=fault)


ROUTES = [diff, changes, diff_pictures]
