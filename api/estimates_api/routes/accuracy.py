"""Accuracy: the stored scores of a set's versions."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from estimates import instants
from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import LAST_SCORED, SetAccuracy
from estimates.accuracy.accuracy_table import accuracy_frame
from estimates.reading import tabular
from estimates.store.scoring import stored_scores
from estimates_api.http.compression import VARY, Compressible
from estimates_api.http.negotiation import CSV, NDJSON, TABLES, negotiated
from estimates_api.http.parameters import LastScored, OneVersion, SetName
from estimates_api.http.representation import JSON, content_tag
from estimates_api.http.routing import off_loop
from estimates_api.http.tables import CONTENT_TYPES
from estimates_api.routes.documentation import Tabular, documented
from estimates_api.serving.follower import Follower


@get(
    "/v1/sets/{set:str}/accuracy",
    responses=documented(
        SetAccuracy, 304, 404, 406, description="The newest scores of each version, oldest first."
    ),
    operation_class=Tabular,
)
@off_loop
def accuracy(
    request: Request[Any, Any, Any],
    follower: NamedDependency[Follower],
    set_name: SetName,
    version: OneVersion = None,
    last: LastScored = LAST_SCORED,
) -> ASGIApp:
    """How good the estimates were, as far as actual values are known: of one version, or of the
    last that were scored.

    docs/accuracy.md explains the numbers. Scores may change when actual values arrive or are
    revised.
    """
    form, view = negotiated(request.scope, TABLES), follower.view
    body = _written(stored_scores(follower.store.catalog, view, set_name, version, last), form)
    headers = {"estimates-as-of": instants.text(view.moment)}
    media_type = CONTENT_TYPES.get(form, form)
    return Compressible(
        body, etag=content_tag(body), media_type=media_type, headers=headers, head=[VARY]
    )


def _written(found: SetAccuracy, form: str) -> bytes:
    """Lines are versions, with all their numbers; tables have a row a version, column and slice."""
    if form == JSON:
        return accuracy_json.encode_set(found)
    if form == NDJSON:
        return b"".join(msgspec.json.encode(one) + b"\n" for one in found.versions)
    if form == CSV:
        return tabular.csv(accuracy_frame(found))
    return tabular.arrow(accuracy_frame(found), {"set": found.set})


ROUTES = [accuracy]
