"""Estimates by key: one, those under a leading part of the key, a batch."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.datastructures import MultiDict
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParams
from litestar.types import ASGIApp

from api.bodies import Batch, BatchBody, EstimateBody, EstimatePage
from api.documentation import documented
from api.follower import Follower
from api.parameters import (
    DEFAULT_REF,
    AsOf,
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
from api.question import resolve
from api.representation import Representation
from api.routing import off_loop
from estimates.errors import InvalidError
from estimates.reader import DEFAULT_LIMIT, cursor_version

_OWN = ("ref", "as_of", "shape", "fields", "limit", "cursor")


@get(
    "/v1/sets/{set:str}/estimates/{key:path}",
    responses=documented(EstimateBody, 304, 404, 410, description="The estimate."),
)
@off_loop
def one_estimate(
    follower: NamedDependency[Follower],
    set_name: SetName,
    key: KeyPath,
    ref: QueryRef = DEFAULT_REF,
    as_of: AsOf = None,
    shape: ShapeNumber = None,
    fields: Fields = None,
) -> ASGIApp:
    """One estimate by its whole key. A key without one is a 404 whose `code` is its status."""
    question = resolve(follower, set_name, ref, as_of, shape)
    parts, columns = read_key(key), read_fields(fields)
    answer = question.reader.get(set_name, parts, version=question.version, fields=columns)
    return question.answer(answer, "estimate", parts, columns)


@get(
    "/v1/sets/{set:str}/estimates",
    responses=documented(EstimatePage, 304, 404, 410, description="A page of estimates in key order."),
)
@off_loop
def estimates_under(
    follower: NamedDependency[Follower],
    set_name: SetName,
    query: QueryParams,
    ref: QueryRef = DEFAULT_REF,
    as_of: AsOf = None,
    shape: ShapeNumber = None,
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ASGIApp:
    """The estimates under a leading part of the key, given as query parameters named like the key columns.

    A cursor belongs to one version: with it, `ref`, `as_of` and `shape` count for nothing.
    """
    if cursor is not None:
        ref, as_of, shape = str(cursor_version(cursor)), None, None
    question = resolve(follower, set_name, ref, as_of, shape)
    prefix = _prefix(list(question.reader.view.set(set_name).contract_of(question.version).key), query)
    columns = read_fields(fields)
    page = question.reader.scan(set_name, prefix, version=question.version, fields=columns, limit=limit, cursor=cursor)
    return question.answer(page, "estimates", prefix, columns, limit, cursor)


@post(
    "/v1/sets/{set:str}/estimates",
    status_code=200,
    responses=documented(BatchBody, 404, 410, 413, 422, description="One result for each key, in the order asked."),
)
@off_loop
def batch(follower: NamedDependency[Follower], set_name: SetName, data: JSONBody[Batch]) -> ASGIApp:
    """Many estimates at once; a key without an estimate is a result with its status, not an error."""
    question = resolve(follower, set_name, data.ref, data.as_of, data.shape)
    answer = question.reader.get_many(set_name, data.keys, version=question.version, fields=data.fields)
    return Representation(answer.json, headers=question.headers())


def _prefix(key: list[str], query: MultiDict[Any]) -> list[str]:
    """The leading key parts among the query parameters; raises InvalidError (`key_parts`, `unknown_parameter`)."""
    check_names(query, (*key, *_OWN))
    given = [name in query for name in key]
    count = sum(given)
    if not all(given[:count]):
        missing = key[given.index(False)]
        raise InvalidError(
            "key_parts", f"a leading part of the key is {', '.join(key)}, in this order; {missing} is missing"
        )
    return [query[name] for name in key[:count]]


ROUTES = [one_estimate, estimates_under, batch]
