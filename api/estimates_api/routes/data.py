"""Whole versions: the stored Parquet or parts of it, or all rows as Arrow or CSV."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import polars as pl
from litestar.di import NamedDependency
from litestar.params import QueryParams
from litestar.types import ASGIApp, HTTPScope

from estimates.errors import InvalidError, NotFoundError
from estimates.reading import tabular
from estimates.render.wording import count
from estimates.storage.data_files import DataFile, SnapshotFiles
from estimates_api.http.parameters import DataParameters, PathRef, SetName
from estimates_api.http.ranges import byte_range
from estimates_api.http.representation import (
    ARROW,
    CSV,
    CSV_WITHOUT_FORMULAS,
    NDJSON,
    PARQUET,
    Representation,
    encoded,
    gzipped,
    header,
    names_tag,
    negotiated,
    tag_of_gzip,
    wants_gzip,
)
from estimates_api.http.resolved_request import ResolvedRequest, resolve
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.streaming import ChunkedAnswer
from estimates_api.http.tables import content_type, metadata_of
from estimates_api.http.url_text import ReadRequest
from estimates_api.routes.rows import asks_for_rows, ndjson, rows_of, rows_tag

_FORMS = {"parquet": PARQUET, "arrow": ARROW, "csv": CSV, "ndjson": NDJSON}
_OFFERED = tuple(_FORMS.values())
_SUFFIXES = {PARQUET: "parquet", ARROW: "arrows", NDJSON: "ndjson"}
_CSV = (CSV, CSV_WITHOUT_FORMULAS)
_ROWS = 65_536  # of an answer that are written at once


@reading(
    "/v1/sets/{set:str}/versions/{ref:str}/data",
    bytes,
    *(206, 410, 416),
    description="All estimates, in key order.",
    forms=_OFFERED,
    lookup=DataParameters,
)
def data(
    request: ReadRequest,
    follower: InjectedFollower,
    set_name: SetName,
    ref: PathRef,
    query: QueryParams,
    lookup: NamedDependency[DataParameters],
) -> ASGIApp:
    """All estimates of a version, or of one part of it: the stored Parquet file, in ranges too, or
    with `Accept` Arrow, CSV or NDJSON. Of several parts, all are one Parquet file that is written
    anew. Or some of them: `fields`, `order`, ranges of key columns; or of many versions by
    `release`, `lag` or `deadline`.
    """
    form = lookup.form
    media_type = negotiated(request.scope, _OFFERED) if form is None else _FORMS[form]
    if lookup.no_formulas and media_type == CSV:
        media_type = CSV_WITHOUT_FORMULAS
    resolved = resolve(follower.at, set_name, unquote(ref), lookup)
    with follower.store.unexpired(resolved.version):
        files = follower.store.data_files.open(set_name, resolved.version.snapshot_id)
    part = _chosen(resolved, files, lookup.part)
    rows = None
    if lookup.fields is not None or asks_for_rows(lookup, query) or _names_keys(query):
        rows = rows_of(follower, resolved, lookup, query)
    head = {
        "content-type": content_type(media_type),
        "content-disposition": "attachment; "
        f'filename="{set_name}-{resolved.version.version}.{_SUFFIXES.get(media_type, "csv")}"',
        "estimates-parts": str(len(files.parts)),
    }
    if rows is not None:
        frames = rows.iter_slices(_ROWS) if rows.height else iter([rows])
        tag = rows_tag(resolved, query, rows, media_type)
        return _sent(request.scope, resolved, frames, media_type, head, tag)
    if media_type == PARQUET and part is not None:
        return _stored(request.scope, resolved, part, head)
    return _written(request.scope, resolved, files.only(lookup.part), media_type, head)


def _chosen(
    resolved: ResolvedRequest, files: SnapshotFiles, number: int | None
) -> tuple[int, DataFile] | None:
    """The part asked for, or the only one; raises NotFoundError (`no_part`), InvalidError
    (`bad_limit`).
    """
    parts, version = files.parts, resolved.version
    if number is not None and number < 1:
        raise InvalidError(
            "bad_limit", f"part {number} is less than 1", remedy="parts are counted from 1"
        )
    if number is not None and number > len(parts):
        raise NotFoundError(
            "no_part",
            f"{version.set} version {version.version} has {count(len(parts), 'part')}, and none of "
            f"number {number}",
            remedy="the manifest names them",
        )
    if number is None and len(parts) > 1:
        return None
    return number or 1, parts[(number or 1) - 1]


def _stored(
    scope: HTTPScope, resolved: ResolvedRequest, part: tuple[int, DataFile], head: dict[str, str]
) -> ASGIApp:
    """A file as it is stored, whole or one range of it."""
    number, file = part
    etag = resolved.tag("data", PARQUET, *([number] if number > 1 else []))
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    head |= {"accept-ranges": "bytes", "repr-digest": f"sha-256=:{digest}:"}
    if names_tag(scope, etag.encode()):
        return Representation(b"", etag=etag, cache=None, headers=head, head=resolved.cached_head)
    wanted = None
    # a range of an older file is no range of this one: If-Range then asks for all of it
    if header(scope, b"if-range") in (b"", etag.encode()) and not scope.get("head"):
        wanted = byte_range(header(scope, b"range"), file.size)
    status = 200 if wanted is None else 206
    if wanted is not None:
        head["content-range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{file.size}"
    wanted = wanted or range(file.size)
    head |= {"etag": etag, "content-length": str(len(wanted))}
    return ChunkedAnswer(
        status, [*resolved.cached_head, *encoded(head)], file.pieces(wanted.start, wanted.stop)
    )


def _written(
    scope: HTTPScope,
    resolved: ResolvedRequest,
    files: SnapshotFiles,
    form: str,
    head: dict[str, str],
) -> ASGIApp:
    """The rows, written while they are sent."""
    etag = resolved.tag("data", form, *(file.sha256 for file in files.parts))
    return _sent(scope, resolved, files.frames(), form, head, etag)


def _sent(
    scope: HTTPScope,
    resolved: ResolvedRequest,
    frames: Iterator[pl.DataFrame],
    form: str,
    head: dict[str, str],
    etag: str,
) -> ASGIApp:
    chunks = _rows(resolved, frames, form)
    if form in (*_CSV, NDJSON) and wants_gzip(scope):
        etag = tag_of_gzip(etag)
        chunks = gzipped(chunks)
        head["content-encoding"] = "gzip"
    if names_tag(scope, etag.encode()):
        return Representation(b"", etag=etag, cache=None, headers=head, head=resolved.cached_head)
    return ChunkedAnswer(200, [*resolved.cached_head, *encoded(head | {"etag": etag})], chunks)


def _rows(resolved: ResolvedRequest, frames: Iterator[pl.DataFrame], form: str) -> Iterator[bytes]:
    if form in _CSV:
        return tabular.csv_pieces(frames, formulas=form == CSV)
    if form == NDJSON:
        return (ndjson(part) for frame in frames for part in frame.iter_slices(tabular.TEXT_ROWS))
    tabular.check_arrow()
    if form == PARQUET:
        return tabular.parquet_pieces(frames)
    return tabular.arrow_pieces(frames, metadata_of(resolved.version))


def _names_keys(query: Mapping[str, Any]) -> bool:
    """Whether a parameter is none of the route's own: a key column, or a mistake."""
    return not {*query} <= {*DataParameters.__struct_fields__, "format"}


ROUTES = [data]
