"""Whole versions: the stored Parquet or parts of it, or all rows as Arrow or CSV."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.types import ASGIApp, HTTPScope

from estimates.reading import tabular
from estimates.storage.data_files import DataFile
from estimates_api.http.compression import gzipped, tag_of_gzip, wants_gzip
from estimates_api.http.negotiation import ARROW, CSV, PARQUET, header, negotiated
from estimates_api.http.parameters import (
    AsOf,
    ByClock,
    Form,
    PathRef,
    SetName,
    ShapeNumber,
    read_segment,
)
from estimates_api.http.ranges import asked_range
from estimates_api.http.representation import Representation, encoded, names_tag
from estimates_api.http.resolved_request import Question, resolve
from estimates_api.http.routing import off_loop
from estimates_api.http.streaming import Pieces
from estimates_api.http.tables import CONTENT_TYPES
from estimates_api.routes.documentation import WholeVersion, documented
from estimates_api.serving.follower import Follower

FORMS = {"parquet": PARQUET, "arrow": ARROW, "csv": CSV}
_SUFFIXES = {PARQUET: "parquet", ARROW: "arrows", CSV: "csv"}


@get(
    "/v1/sets/{set:str}/versions/{ref:str}/data",
    responses=documented(
        bytes, 206, 304, 404, 406, 410, 416, description="All estimates, in key order."
    ),
    operation_class=WholeVersion,
)
@off_loop
def data(
    request: Request[Any, Any, Any],
    follower: NamedDependency[Follower],
    set_name: SetName,
    ref: PathRef,
    as_of: AsOf = None,
    shape: ShapeNumber = None,
    form: Form = None,
    clock: ByClock = None,
) -> ASGIApp:
    """All estimates of a version: the stored Parquet file, in ranges too, or with `Accept` Arrow or
    CSV.
    """
    media_type = negotiated(request.scope, tuple(FORMS.values())) if form is None else FORMS[form]
    question = resolve(follower.at, set_name, read_segment(ref), as_of, shape, clock=clock)
    file = follower.store.data_files.open(set_name, question.version.snapshot_id)
    head = {
        "content-type": CONTENT_TYPES.get(media_type, media_type),
        "content-disposition": "attachment; "
        f'filename="{set_name}-{question.version.version}.{_SUFFIXES[media_type]}"',
    }
    if media_type == PARQUET:
        return _parquet(request.scope, question, file, head)
    return _table(request.scope, question, file, media_type, head)


def _parquet(scope: HTTPScope, question: Question, file: DataFile, head: dict[str, str]) -> ASGIApp:
    """The file as it is stored, whole or one range of it."""
    etag = question.tag("data", PARQUET)
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    head |= {"accept-ranges": "bytes", "repr-digest": f"sha-256=:{digest}:"}
    if names_tag(scope, etag.encode()):
        return Representation(b"", etag=etag, cache=None, headers=head, head=question.many)
    # A range of what the file was before is no part of it now: whoever holds one gets the whole.
    same = header(scope, b"if-range") in (b"", etag.encode())
    asked = (
        asked_range(header(scope, b"range"), file.size) if same and not scope.get("head") else None
    )
    part = asked or range(file.size)
    if asked is not None:
        head["content-range"] = f"bytes {part.start}-{part.stop - 1}/{file.size}"
    head |= {"etag": etag, "content-length": str(len(part))}
    status = 200 if asked is None else 206
    return Pieces(status, [*question.many, *encoded(head)], file.pieces(part.start, part.stop))


def _table(
    scope: HTTPScope, question: Question, file: DataFile, form: str, head: dict[str, str]
) -> ASGIApp:
    """The rows, written while they are sent."""
    etag, pieces = question.tag("data", form), _rows(question, file, form)
    if form == CSV and wants_gzip(scope):
        etag, pieces = tag_of_gzip(etag), gzipped(pieces)
        head["content-encoding"] = "gzip"
    if names_tag(scope, etag.encode()):
        return Representation(b"", etag=etag, cache=None, headers=head, head=question.many)
    return Pieces(200, [*question.many, *encoded(head | {"etag": etag})], pieces)


def _rows(question: Question, file: DataFile, form: str) -> Iterator[bytes]:
    if form == CSV:
        return tabular.csv_pieces(file.frames())
    version = question.version
    return tabular.arrow_pieces(
        file.frames(), {"set": version.set, "version": str(version.version)}
    )


ROUTES = [data]
