"""Accuracy: the stored scores of a set's versions."""

from __future__ import annotations

from functools import partial

import msgspec
from litestar.types import ASGIApp

from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import LAST_SCORED, SetAccuracy
from estimates.accuracy.accuracy_table import accuracy_frame
from estimates.store.scoring import stored_scores
from estimates_api.http.parameters import (
    LastScored,
    NoFormulas,
    ScoredVersion,
    ScoredVintage,
    SetName,
)
from estimates_api.http.representation import TABLES, VARY_TEXT, negotiated, of_view
from estimates_api.http.route import InjectedFollower, reading
from estimates_api.http.tables import content_type, write_form
from estimates_api.http.url_text import ReadRequest


@reading(
    "/v1/sets/{set:str}/accuracy",
    SetAccuracy,
    description="The newest scores of each version, oldest first.",
    forms=TABLES,
)
def accuracy(
    request: ReadRequest,
    follower: InjectedFollower,
    set_name: SetName,
    version: ScoredVersion = None,
    last: LastScored = LAST_SCORED,
    vintage: ScoredVintage = None,
    no_formulas: NoFormulas = False,
) -> ASGIApp:
    """How good the estimates were, as far as actual values are known: of one version, or of the
    last that were scored.

    docs/accuracy.md explains the numbers. Scores may change when actual values arrive or are
    revised.
    """
    form = negotiated(request.scope, TABLES, no_formulas=no_formulas)
    view = follower.view
    scores = stored_scores(follower.store.catalog, view, set_name, version, last, vintage)
    body = write_form(
        form,
        partial(accuracy_json.encode_set, scores),
        partial(accuracy_frame, scores),
        {"set": scores.set},
        partial(_lines, scores),
    )
    return of_view(view, body, content_type(form), VARY_TEXT)


def _lines(scores: SetAccuracy) -> bytes:
    """A line a version, with all its numbers."""
    return b"".join(msgspec.json.encode(version) + b"\n" for version in scores.versions)


ROUTES = [accuracy]
