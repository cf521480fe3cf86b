"""Rows by ranges of the key, by release, lag and deadline: what pages and whole versions are asked
for beyond a leading part of the key. No route of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import polars as pl

from estimates.catalog.ref import PRODUCTION
from estimates.reading import row_query
from estimates.reading.answer import Shows, shown_version
from estimates.reading.page_cursor import check_limit, decode_cursor, encode_cursor, other_request
from estimates.reading.row_request import TO, RowQuery
from estimates.render.row_text import joined, json_pieces
from estimates_api.http.parameters import DataParameters, PageParameters
from estimates_api.http.representation import (
    COMPRESSED_FROM,
    Compressible,
    Representation,
    next_link,
)
from estimates_api.http.resolved_request import ResolvedRequest, resolve
from estimates_api.http.tables import content_type, metadata_of, write_form
from estimates_api.http.url_text import check_names, read_fields
from estimates_api.serving.follower import Follower

Lookup = PageParameters | DataParameters
RowsCursor = tuple[str, int]  # a mark of the request, and the row


def asks_for_rows(lookup: Lookup, query: Mapping[str, Any]) -> bool:
    """Whether a request may be one for rows, by its text: an order, a release, a range."""
    own = type(lookup).__struct_fields__
    ranges = any(TO in str(query[name]) for name in query if name not in own)
    return ranges or not (lookup.order is lookup.release is lookup.lag is lookup.deadline is None)


def rows_of(
    follower: Follower, resolved: ResolvedRequest, lookup: Lookup, query: Mapping[str, Any]
) -> pl.DataFrame:
    """The rows of a request; `query` are all its parameters, key columns too.

    Raises what `row_query.query_rows` raises; InvalidError (`unknown_parameter`,
    `repeated_parameter`).
    """
    names = [*resolved.reading.form.names, *resolved.reading.contract.columns]
    own = _names(lookup)
    check_names(query, [*names, *own])
    where = {name: query[name] for name in names if name in query and name not in own}
    fields = read_fields(lookup.fields)
    request = RowQuery(
        where,
        None if fields is None else tuple(fields),
        tuple(lookup.order.split(",")) if lookup.order else (),
        lookup.release,
        lookup.lag,
        lookup.deadline,
    )
    return row_query.query_rows(
        resolved.reader, follower.store.columns, resolved.version.set, request, resolved.at
    )


def answer_rows(
    follower: Follower,
    set_name: str,
    lookup: PageParameters,
    query: Mapping[str, Any],
    form: str,
    shows: Shows | None,
) -> Representation:
    """A page of such rows; a cursor belongs to a version and a request, and counts rows."""
    check_limit(lookup.limit)
    resolved = resolve(follower.at, set_name, lookup.ref, lookup)
    rows = rows_of(follower, resolved, lookup, query)
    own = {n: query[n] for n in sorted(query) if n not in ("cursor", "limit")}
    mark = resolved.tag("rows", own, rows.height)  # a deadline that passes adds rows
    start = 0
    if lookup.cursor is not None:
        mark_of_cursor, start = decode_cursor(lookup.cursor, RowsCursor)
        if mark_of_cursor != mark or not 0 < start < rows.height:
            raise other_request()
    page = rows[start : start + lookup.limit]
    stop = start + page.height
    following = encode_cursor([mark, stop]) if stop < rows.height else None
    lines = json_lines(page)
    about = {
        "set": set_name,
        "version": resolved.version.version,
        "total": rows.height,
        "limit": lookup.limit,
        "next": following,
    }
    body = write_form(
        form,
        lambda: msgspec.json.encode(about)[:-1] + b',"estimates":[' + b",\n".join(lines) + b"]}",
        lambda: page,
        metadata_of(shown_version(resolved.version, shows)),
        lambda: b"".join(line + b"\n" for line in lines),
    )
    head = [*resolved.cached_head, (b"estimates-total", b"%d" % rows.height)]
    if following is not None:
        head.append((b"link", next_link(query, cursor=following).encode()))
    kind = Representation if len(body) < COMPRESSED_FROM else Compressible
    tag = resolved.content_tag(body)
    return kind(body, etag=tag, cache=None, media_type=content_type(form), head=head)


def rows_tag(
    resolved: ResolvedRequest, query: Mapping[str, Any], rows: pl.DataFrame, form: str
) -> str:
    """The entity tag of rows: they depend on the version, the query, how often production moved,
    and by a deadline on which of them have passed, so that there are more.
    """
    moves = resolved.reader.view.set(resolved.version.set).moves.get(PRODUCTION, [])
    return resolved.tag("rows", form, len(moves), rows.height, sorted(query.items()))


def json_lines(rows: pl.DataFrame) -> list[bytes]:
    """Each row as JSON."""
    if not rows.height:
        return []
    texts = rows.select(joined(json_pieces(rows, rows.columns))).to_series()
    return [text.encode() for text in texts]


def ndjson(rows: pl.DataFrame) -> bytes:
    """A line of JSON for each row."""
    return b"".join(line + b"\n" for line in json_lines(rows))


def _names(lookup: Lookup) -> list[str]:
    return ["format" if name == "form" else name for name in type(lookup).__struct_fields__]


ROUTES: list[Any] = []
