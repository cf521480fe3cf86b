"""Estimates by key: one, those under a leading part of the key, a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request, get, post
from litestar.params import JSONBody, QueryParams
from litestar.types import ASGIApp

from estimates.catalog.released import Clock
from estimates.errors import InvalidError
from estimates.reading.page_cursor import DEFAULT_LIMIT, cursor_version
from estimates_api.http.bodies import Batch, BatchBody, EstimateBody, EstimatePage
from estimates_api.http.negotiation import TABLES, negotiated
from estimates_api.http.parameters import (
    DEFAULT_REF,
    AsOf,
    ByClock,
    Cursor,
    Fields,
    KeyPath,
    Limit,
    QueryRef,
    SetName,
    ShapeNumber,
    check_names,
    read_fields,
    read_key,
)
from estimates_api.http.representation import JSON, Representation
from estimates_api.http.resolved_request import ReaderAt, resolve
from estimates_api.http.routing import nonblocking
from estimates_api.routes.documentation import Tabular, documented
from estimates_api.serving.follower import Follower

FEW_KEYS = 2000  # a few milliseconds: shorter than a thread would wait for its turn
ReadRequest = Request[Any, Any, Any]
_OWN = ("ref", "as_of", "shape", "fields", "limit", "cursor", "clock")


@get(
    "/v1/sets/{set:str}/estimates/{key:path}",
    responses=documented(EstimateBody, 304, 404, 406, 410, description="The estimate."),
    operation_class=Tabular,
)
async def one_estimate(
    request: ReadRequest,
    set_name: SetName,
    key: KeyPath,
    ref: QueryRef = DEFAULT_REF,
    as_of: AsOf = None,
    shape: ShapeNumber = None,
    fields: Fields = None,
    clock: ByClock = None,
) -> ASGIApp:
    """One estimate by its whole key. A key without one is a 404 whose `code` is its status."""
    form = negotiated(request.scope, TABLES)
    asked = (set_name, read_key(key), ref, as_of, shape, fields, form, clock)
    return await nonblocking(_follower(request), lambda at: one(at, *asked), large=form != JSON)


def one(
    at: ReaderAt,
    set_name: str,
    key: list[str],
    ref: str = DEFAULT_REF,
    as_of: str | None = None,
    shape: int | None = None,
    fields: str | None = None,
    form: str = JSON,
    clock: Clock = None,
) -> Representation:
    """The answer of `one_estimate`."""
    question = resolve(at, set_name, ref, as_of, shape, clock=clock)
    return question.one(question.reading.get(key, read_fields(fields)).marked_by(clock), form)


@get(
    "/v1/sets/{set:str}/estimates",
    responses=documented(
        EstimatePage, 304, 404, 406, 410, description="A page of estimates in key order."
    ),
    operation_class=Tabular,
)
async def estimates_under(
    request: ReadRequest,
    set_name: SetName,
    query: QueryParams,
    ref: QueryRef = DEFAULT_REF,
    as_of: AsOf = None,
    shape: ShapeNumber = None,
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    clock: ByClock = None,
) -> ASGIApp:
    """The estimates under a leading part of the key, given as query parameters named like the key
    columns.

    A cursor belongs to one version: with it, `ref`, `as_of` and `shape` count for nothing, and
    `clock` only marks.
    """
    form = negotiated(request.scope, TABLES)
    asked = (set_name, query, ref, as_of, shape, fields, limit, cursor, form, clock)
    return await nonblocking(_follower(request), lambda at: page(at, *asked), large=form != JSON)


def page(
    at: ReaderAt,
    set_name: str,
    query: Mapping[str, Any],
    ref: str = DEFAULT_REF,
    as_of: str | None = None,
    shape: int | None = None,
    fields: str | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    form: str = JSON,
    clock: Clock = None,
) -> Representation:
    """The answer of `estimates_under`; `query` are all its parameters."""
    pinned = None if cursor is None else str(cursor_version(cursor))
    if pinned is None:
        question = resolve(at, set_name, ref, as_of, shape, clock=clock)
    else:
        question = resolve(at, set_name, pinned)
    prefix = _prefix(question.reading.form.names, query)
    found = question.reading.scan(prefix, fields=read_fields(fields), limit=limit, cursor=cursor)
    return question.page(found.marked_by(clock), form, query)


@post(
    "/v1/sets/{set:str}/estimates",
    status_code=200,
    responses=documented(
        BatchBody,
        404,
        406,
        410,
        413,
        422,
        description="One result for each key, in the order asked.",
    ),
    operation_class=Tabular,
)
async def batch(request: ReadRequest, set_name: SetName, data: JSONBody[Batch]) -> ASGIApp:
    """Many estimates at once; a key without an estimate is a result with its status, not an error."""
    form = negotiated(request.scope, TABLES)
    large = form != JSON or len(data.keys) > FEW_KEYS
    return await nonblocking(
        _follower(request), lambda at: many(at, set_name, data, form), large=large
    )


def many(at: ReaderAt, set_name: str, asked: Batch, form: str = JSON) -> Representation:
    """The answer of `batch`."""
    question = resolve(at, set_name, asked.ref, asked.as_of, asked.shape, clock=asked.clock)
    return question.batch(
        question.reading.get_many(asked.keys, asked.fields).marked_by(asked.clock), form
    )


def _follower(request: ReadRequest) -> Follower:
    """These routes are asked all day: to have the follower injected would cost as much as a lookup."""
    return request.app.state.follower


def _prefix(key: list[str], query: Mapping[str, Any]) -> list[str]:
    """The leading key parts among the query parameters; raises InvalidError (`key_parts`,
    `unknown_parameter`).
    """
    if isinstance(query, dict) and [*query] == key[: len(query)]:
        return [*query.values()]
    check_names(query, (*key, *_OWN))
    given = [name in query for name in key]
    count = sum(given)
    if not all(given[:count]):
        missing = key[given.index(False)]
        raise InvalidError(
            "key_parts",
            f"a leading part of the key is {', '.join(key)}, in this order; {missing} is missing",
        )
    return [query[name] for name in key[:count]]


ROUTES = [one_estimate, estimates_under, batch]
