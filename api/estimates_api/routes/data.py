"""Whole versions: the stored Parquet or parts of it, or all rows as Arrow or CSV."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import unquote

from litestar.di import NamedDependency
from litestar.types import ASGIApp, HTTPScope

from estimates.reading import tabular
from estimates.storage.data_files import DataFile
from estimates_api.http.parameters import DataParameters, PathRef, SetName
from estimates_api.http.ranges import byte_range
from estimates_api.http.representation import (
    ARROW,
    CSV,
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
from estimates_api.http.tables import content_type
from estimates_api.http.url_text import ReadRequest

_FORMS = {"parquet": PARQUET, "arrow": ARROW, "csv": CSV}
_OFFERED = tuple(_FORMS.values())
_SUFFIXES = {PARQUET: "parquet", ARROW: "arrows", CSV: "csv"}


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
    lookup: NamedDependency[DataParameters],
) -> ASGIApp:
    """All estimates of a version: the stored Parquet file, in ranges too, or with `Accept` Arrow or
    CSV.
    """
    form = lookup.form
    media_type = negotiated(request.scope, _OFFERED) if form is None else _FORMS[form]
    resolved = resolve(follower.at, set_name, unquote(ref), lookup)
    with follower.store.unexpired(resolved.version):
        file = follower.store.data_files.open(set_name, resolved.version.snapshot_id)
    head = {
        "content-type": content_type(media_type),
        "content-disposition": "attachment; "
        f'filename="{set_name}-{resolved.version.version}.{_SUFFIXES[media_type]}"',
    }
    if media_type == PARQUET:
        return _parquet(request.scope, resolved, file, head)
    return _table(request.scope, resolved, file, media_type, head)


def _parquet(
    scope: HTTPScope, resolved: ResolvedRequest, file: DataFile, head: dict[str, str]
) -> ASGIApp:
    """The file as it is stored, whole or one range of it."""
    etag = resolved.tag("data", PARQUET)
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    head |= {"accept-ranges": "bytes", "repr-digest": f"sha-256=:{digest}:"}
    if names_tag(scope, etag.encode()):
        return Representation(b"", etag=etag, cache=None, headers=head, head=resolved.cached_head)
    part = None
    # a part of an older file is no part of this one: If-Range then asks for all of it
    if header(scope, b"if-range") in (b"", etag.encode()) and not scope.get("head"):
        part = byte_range(header(scope, b"range"), file.size)
    status = 200 if part is None else 206
    if part is not None:
        head["content-range"] = f"bytes {part.start}-{part.stop - 1}/{file.size}"
    part = part or range(file.size)
    head |= {"etag": etag, "content-length": str(len(part))}
    return ChunkedAnswer(
        status, [*resolved.cached_head, *encoded(head)], file.pieces(part.start, part.stop)
    )


def _table(
    scope: HTTPScope, resolved: ResolvedRequest, file: DataFile, form: str, head: dict[str, str]
) -> ASGIApp:
    """The rows, written while they are sent."""
    etag = resolved.tag("data", form)
    chunks = _rows(resolved, file, form)
    if form == CSV and wants_gzip(scope):
        etag = tag_of_gzip(etag)
        chunks = gzipped(chunks)
        head["content-encoding"] = "gzip"
    if names_tag(scope, etag.encode()):
        return Representation(b"", etag=etag, cache=None, headers=head, head=resolved.cached_head)
    return ChunkedAnswer(200, [*resolved.cached_head, *encoded(head | {"etag": etag})], chunks)


def _rows(resolved: ResolvedRequest, file: DataFile, form: str) -> Iterator[bytes]:
    if form == CSV:
        return tabular.csv_pieces(file.frames())
    version = resolved.version
    return tabular.arrow_pieces(
        file.frames(), {"set": version.set, "version": str(version.version)}
    )


ROUTES = [data]
