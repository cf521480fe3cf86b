"""Accuracy: the stored scores of a set's versions."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from api.compression import VARY, Compressible
from api.documentation import Tabular, documented
from api.follower import Follower
from api.negotiation import CSV, NDJSON, TABLES, negotiated
from api.parameters import LastScored, OneVersion, SetName
from api.representation import JSON, content_tag
from api.routing import off_loop
from api.tables import CONTENT_TYPES
from estimates import instants, tabular
from estimates.accuracy import SetAccuracy, wire
from estimates.accuracy.table import frame_of
from estimates.scoring import LAST, stored_scores


@get(
    "/v1/sets/{set:str}/accuracy",
    responses=documented(SetAccuracy, 304, 404, 406, description="The newest scores of each version, oldest first."),
    operation_class=Tabular,
)
@off_loop
def accuracy(
    request: Request[Any, Any, Any],
    follower: NamedDependency[Follower],
    set_name: SetName,
    version: OneVersion = None,
    last: LastScored = LAST,
) -> ASGIApp:
    """How good the estimates were, as far as actual values are known: of one version, or of the last that were scored.

    docs/accuracy.md explains the numbers. Scores may change when actual values arrive or are revised.
    """
    form, view = negotiated(request.scope, TABLES), follower.view
    body = _written(stored_scores(follower.store.catalog, view, set_name, version, last), form)
    headers = {"estimates-as-of": instants.text(view.moment)}
    media_type = CONTENT_TYPES.get(form, form)
    return Compressible(body, etag=content_tag(body), media_type=media_type, headers=headers, head=[VARY])


def _written(found: SetAccuracy, form: str) -> bytes:
    """Lines are versions, with all their numbers; tables have a row a version, column and slice."""
    if form == JSON:
        return wire.encode_set(found)
    if form == NDJSON:
        return b"".join(msgspec.json.encode(one) + b"\n" for one in found.versions)
    if form == CSV:
        return tabular.csv(frame_of(found))
    return tabular.arrow(frame_of(found), {"set": found.set})


ROUTES = [accuracy]
