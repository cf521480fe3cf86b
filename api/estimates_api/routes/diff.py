"""What changed from one version to another: the stability report, and the changes key by key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from litestar import Request, get
from litestar.datastructures import MultiDict
from litestar.di import NamedDependency
from litestar.params import QueryParams
from litestar.types import ASGIApp

from estimates.catalog.at import At
from estimates.compare.queries import ChangeQuery, DiffQuery
from estimates.compare.two_versions import Comparison, compare
from estimates.contract.contract import Pairing
from estimates.errors import InvalidError
from estimates.reading.page_cursor import DEFAULT_LIMIT
from estimates.stability.pages.report_markdown import render_markdown
from estimates.stability.pages.report_text import render_json, render_text
from estimates.stability.report import Report
from estimates_api.http.bodies import ChangeList
from estimates_api.http.compression import Compressible, held_tag
from estimates_api.http.negotiation import HTML, MARKDOWN, PAGES, PARQUET, TABLES, TEXT, negotiated
from estimates_api.http.parameters import (
    DEFAULT_REF,
    AsOf,
    ChangeMetric,
    Cursor,
    FromRef,
    Limit,
    MinChange,
    OtherSet,
    PairedBy,
    SetName,
    ToRef,
    check_names,
    read_ref,
    read_time,
)
from estimates_api.http.representation import JSON, MEASURED, REVALIDATE, Representation
from estimates_api.http.resolved_request import Question
from estimates_api.routes.documentation import Page, TabularFile, documented
from estimates_api.serving.follower import Follower
from estimates_api.serving.reports import COMPUTING, Reports, still_computing
from estimates_api.serving.threads import in_thread

_OWN = ("from", "to", "as_of", "by", "min_change", "limit", "cursor", "pairing", "other")
_FORMS = (*TABLES, PARQUET)
_RENDERINGS: dict[str, Callable[[Reports, Comparison], bytes]] = {
    JSON: lambda reports, found: render_json(reports.report(found)),
    TEXT: lambda reports, found: render_text(reports.report(found)).encode(),
    MARKDOWN: lambda reports, found: render_markdown(reports.report(found)).encode(),
    HTML: lambda reports, found: reports.page(found),
}


@get(
    "/v1/sets/{set:str}/diff",
    responses=documented(
        Report,
        304,
        404,
        406,
        409,
        410,
        description="The stability report; docs/stability.md explains it.",
    )
    | COMPUTING,
    operation_class=Page,
)
async def diff(
    request: Request[Any, Any, Any],
    follower: NamedDependency[Follower],
    reports: NamedDependency[Reports],
    set_name: SetName,
    from_ref: FromRef,
    to_ref: ToRef = DEFAULT_REF,
    as_of: AsOf = None,
    pairing: PairedBy = None,
    other: OtherSet = None,
) -> ASGIApp:
    """What changed from one version to another; `to` is production if not given."""
    form = negotiated(request.scope, PAGES)
    sought = partial(
        _asked, follower, set_name, from_ref, to_ref, as_of, pairing=pairing, other=other
    )
    found, question = await in_thread(sought)
    asked = ("diff", found.cache_name(), form)
    etag = question.tag(*asked)
    held = held_tag(request.scope, etag)
    if held is not None:
        return Representation(b"", etag=held, cache=None, head=question.many)
    body = await reports.within(asked, lambda: _RENDERINGS[form](reports, found))
    if body is None:
        again = [(b"refresh", b"1")] if form == HTML else []  # a browser asks again by itself
        return still_computing(request.scope, [*question.head, *again])
    media_type = form if form == JSON else f"{form}; charset=utf-8"
    return Compressible(body, etag=etag, cache=None, media_type=media_type, head=question.many)


@get(
    "/v1/sets/{set:str}/diff/changes",
    responses=documented(
        ChangeList, 304, 404, 406, 409, 410, description="A page of changes, what moved most first."
    )
    | COMPUTING,
    operation_class=TabularFile,
)
async def changes(
    request: Request[Any, Any, Any],
    follower: NamedDependency[Follower],
    reports: NamedDependency[Reports],
    set_name: SetName,
    query: QueryParams,
    from_ref: FromRef,
    to_ref: ToRef = DEFAULT_REF,
    as_of: AsOf = None,
    by: ChangeMetric = None,
    min_change: MinChange = 0.0,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    pairing: PairedBy = None,
    other: OtherSet = None,
) -> ASGIApp:
    """What changed key by key; a leading part of the key may be given as query parameters named
    like the key columns.

    A cursor belongs to two versions and one question: with it, aliases and `as_of` count for
    nothing.
    """
    form = negotiated(request.scope, _FORMS)
    sought = partial(_asked, follower, set_name, from_ref, to_ref, as_of, cursor, pairing, other)
    found, question = await in_thread(sought)
    prefix = tuple(_prefix(list(found.contract.key), query))
    asked = found.completed(ChangeQuery(by, min_change, prefix))
    rows = await reports.within(
        ("changes", found.cache_name(), asked), lambda: found.changes(asked)
    )
    if rows is None:
        return still_computing(request.scope, question.head)
    page = partial(found.page, asked, rows, limit=limit, cursor=cursor)
    return await in_thread(lambda: question.page(page(), form, query, found.contract))


def _asked(
    follower: Follower,
    name: str,
    from_ref: str,
    to_ref: str,
    as_of: str | None,
    cursor: str | None = None,
    pairing: Pairing | None = None,
    other: str | None = None,
) -> tuple[Comparison, Question]:
    """The two versions, and what an answer from the second one carries."""
    a, b, moment = read_ref(from_ref), read_ref(to_ref), read_time(as_of, "as_of")
    reader, second = follower.at(moment), other or name
    diff_query = DiffQuery(a, b, moment, pairing, other)
    found = compare(reader, follower.store.frame, name, diff_query, cursor)
    fixed = cursor is not None or (isinstance(a, int) and isinstance(b, int))
    told, fault = moment or reader.view.moment, None
    for of, ref in () if fixed else ((name, a), (second, b)):
        fallback = reader.view.fallback(of, At(ref, moment))
        # the older moment is the one at which both refs meant these versions
        if fallback is not None:
            told, fault = min(told, fallback.moment), fallback.fault
    return found, Question(
        reader, found.second, told, cache=MEASURED if fixed else REVALIDATE, fault=fault
    )


def _prefix(key: Sequence[str], query: MultiDict[Any]) -> list[str]:
    """The leading key parts among the query parameters; raises InvalidError (`key_parts`,
    `unknown_parameter`).

    A key column that is named like a parameter of the route cannot be asked for.
    """
    check_names(query, (*_OWN, *(name for name in key if name not in _OWN)))
    given = [name in query and name not in _OWN for name in key]
    if not all(given[: sum(given)]):
        missing = key[given.index(False)]
        raise InvalidError(
            "key_parts",
            f"a leading part of the key is {', '.join(key)}, in this order; {missing} is missing",
        )
    return [query[name] for name in key[: sum(given)]]


ROUTES = [diff, changes]
