"""Lookups: one estimate, a page of estimates, a batch.

Each route reads its parameters and calls its answer function, and so does `fast_path`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParams
from litestar.types import ASGIApp

from estimates.errors import InvalidError
from estimates.reading.answer import Shows
from estimates.reading.page_cursor import cursor_version
from estimates_api.access.route_access import OPT, allowed_batch
from estimates_api.access.shown_keys import shows_of
from estimates_api.http.bodies import Batch, BatchBody, EstimateBody, EstimatePage
from estimates_api.http.parameters import (
    EstimateParameters,
    KeyPath,
    MomentParameters,
    PageParameters,
    SetName,
)
from estimates_api.http.repeated_names import refuse_repeated
from estimates_api.http.representation import JSON, TABLES, Representation, TaggedJson, negotiated
from estimates_api.http.resolved_request import ResolvedRequest, resolve
from estimates_api.http.route import answers, reading
from estimates_api.http.url_text import ReadRequest, leading_key, read_fields, read_key
from estimates_api.routes.rows import answer_rows, asks_for_rows
from estimates_api.serving.follower import ReaderAt
from estimates_api.serving.threads import in_thread, nonblocking

FEW_KEYS = 2000  # a few milliseconds: shorter than a thread would wait for its turn


@reading(
    "/v1/sets/{set:str}/estimates/{key:path}",
    EstimateBody,
    410,
    about="lookup",
    description="The estimate.",
    forms=TABLES,
    lookup=EstimateParameters,
)
async def one_estimate(
    request: ReadRequest,
    set_name: SetName,
    key: KeyPath,
    lookup: NamedDependency[EstimateParameters],
) -> ASGIApp:
    """One estimate by its whole key. A key without one is a 404 whose `code` is its status."""
    form = negotiated(request.scope, TABLES, no_formulas=lookup.no_formulas)
    shows = shows_of(request.scope, set_name)

    def answer(reader_at: ReaderAt) -> ASGIApp:
        parts = read_key(key)
        resolved = resolve(reader_at, set_name, lookup.ref, lookup)
        return answer_estimate(resolved, parts, lookup, form, shows)

    # injected, the follower would cost as much as the lookup
    return await nonblocking(request.app.state.follower, answer, large=form != JSON)


def answer_estimate(
    resolved: ResolvedRequest,
    key: list[str],
    lookup: EstimateParameters,
    form: str = JSON,
    shows: Shows | None = None,
) -> Representation | TaggedJson:
    """The answer of `one_estimate`; raises what `VersionReader.get` raises."""
    fields = None if lookup.fields is None else read_fields(lookup.fields)
    as_stored = shows is None and lookup.clock is None and lookup.integers is None
    if as_stored and form == JSON and not lookup.standing:
        return resolved.estimate_of(resolved.reading.get_json(key, fields))
    answer = resolved.reading.get(key, fields).marked_by(lookup.clock)
    answer.show_groups(shows)
    answer.write_integers(resolved.reading.contract, lookup.integers)
    return resolved.estimate(answer, form, standing=lookup.standing)


@reading(
    "/v1/sets/{set:str}/estimates",
    EstimatePage,
    410,
    about="page",
    description="A page of estimates in key order.",
    forms=TABLES,
    lookup=PageParameters,
)
async def estimates_under(
    request: ReadRequest,
    set_name: SetName,
    query: QueryParams,
    lookup: NamedDependency[PageParameters],
) -> ASGIApp:
    """The estimates under a leading part of the key, or by ranges of any part
    (`2026-12-01..2026-12-07`), given as query parameters named like the key columns; or by values
    and ranges of other columns, too.

    A cursor belongs to one version: with it, `ref`, `as_of` and `shape` count for nothing, and
    `clock` only marks.
    """
    form = negotiated(request.scope, TABLES, no_formulas=lookup.no_formulas)
    shows = shows_of(request.scope, set_name)
    follower = request.app.state.follower  # injected it would cost as much as the lookup
    try:
        if not asks_for_rows(lookup, query):
            return await nonblocking(
                follower,
                lambda reader_at: answer_page(
                    resolve_page(reader_at, set_name, lookup), lookup, query, form, shows
                ),
                large=form != JSON,
            )
    except InvalidError as error:
        # parts of the key that do not lead, values of other columns: rows
        if error.code not in ("key_parts", "unknown_parameter"):
            raise
    return await in_thread(answer_rows, follower, set_name, lookup, query, form, shows)


def resolve_page(reader_at: ReaderAt, set_name: str, lookup: PageParameters) -> ResolvedRequest:
    """What a page is read from, a page that goes on from the version of its cursor; raises what
    `resolve` raises, InvalidError (`bad_cursor`).
    """
    if lookup.cursor is None:
        return resolve(reader_at, set_name, lookup.ref, lookup)
    version = cursor_version(lookup.cursor)
    return resolve(reader_at, set_name, str(version), MomentParameters())


def answer_page(
    resolved: ResolvedRequest,
    lookup: PageParameters,
    query: Mapping[str, Any],
    form: str = JSON,
    shows: Shows | None = None,
) -> Representation | TaggedJson:
    """The answer of `estimates_under` where it does not ask for rows; `query` are all its
    parameters, key columns too.

    Raises what `leading_key` and `VersionReader.scan` raise.
    """
    prefix = _prefix(resolved.reading.form.names, query)
    page = resolved.reading.scan(
        prefix, fields=read_fields(lookup.fields), limit=lookup.limit, cursor=lookup.cursor
    )
    as_stored = shows is None and lookup.clock is None and lookup.integers is None
    if as_stored and form == JSON and not lookup.standing and page.cursor is None:
        return resolved.last_page(page)
    page.marked_by(lookup.clock).show_groups(shows)
    page.write_integers(resolved.reading.contract, lookup.integers)
    return resolved.page(page, form, query, standing=lookup.standing)


@post(
    "/v1/sets/{set:str}/estimates",
    status_code=200,
    opt={OPT: "batch"},
    **answers(
        BatchBody,
        *(404, 406, 408, 410, 413, 422),
        description="One result for each key, in the order asked.",
        forms=TABLES,
    ),
)
async def batch(
    request: ReadRequest,
    set_name: SetName,
    data: JSONBody[Batch],
) -> ASGIApp:
    """Many estimates at once; a key without an estimate is a result with its status, not an
    error.
    """
    form = negotiated(request.scope, TABLES, no_formulas=data.no_formulas)
    refuse_repeated(await request.body(), Batch)
    data = allowed_batch(request, set_name, data)
    shows = shows_of(request.scope, set_name)
    return await nonblocking(
        request.app.state.follower,  # injected it would cost as much as the lookup
        lambda reader_at: answer_batch(reader_at, set_name, data, form, shows),
        large=form != JSON or len(data.keys) > FEW_KEYS,
    )


def answer_batch(
    reader_at: ReaderAt,
    set_name: str,
    batch: Batch,
    form: str = JSON,
    shows: Shows | None = None,
) -> Representation:
    """The answer of `batch`; raises what `resolve` and `VersionReader.get_many` raise."""
    resolved = resolve(reader_at, set_name, batch.ref, batch)
    answer = resolved.reading.get_many(batch.keys, batch.fields).marked_by(batch.clock)
    answer.show_groups(shows)
    answer.write_integers(resolved.reading.contract, batch.integers)
    return resolved.batch(answer, form, standing=batch.standing)


def _prefix(key: list[str], query: Mapping[str, Any]) -> list[str]:
    if isinstance(query, dict) and [*query] == key[: len(query)]:  # the fast path's usual query
        return [*query.values()]
    return leading_key(query, key, PageParameters.__struct_fields__)


ROUTES = [one_estimate, estimates_under, batch]
