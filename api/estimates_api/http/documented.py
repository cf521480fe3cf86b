"""How the OpenAPI document describes the answers of a route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from litestar.openapi import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Schema,
)

from estimates import __version__
from estimates_api.http.bodies import Problem
from estimates_api.http.problems import PROBLEM_JSON
from estimates_api.http.representation import JSON
from estimates_api.serving.reports import COMPUTING

_MEANINGS = {
    304: "What If-None-Match names is still the answer.",
    400: "The path or a parameter is wrong.",
    206: "The part of the file that Range asks for.",
    404: "There is no such set, version, alias, key or verdict; `code` says which.",
    406: "None of the media types in Accept is one of this answer.",
    409: "The two versions cannot be compared.",
    410: "The version has expired; its files are gone.",
    413: "The body is too large.",
    414: "The URL is too long.",
    416: "Nothing of the file lies in the range; Content-Range has its size.",
    422: "The body is wrong.",
    500: "Stored data is damaged, or the service failed.",
    503: "Something the service needs cannot be reached; retry.",
}


def answers(
    body: Any,
    *statuses: int,
    description: str,
    forms: Mapping[int, Sequence[str]] | None = None,
    media_type: str = JSON,
    computed: bool = False,
) -> dict[str, Any]:
    """The arguments of a route that document its answers: 200 with this body, and these statuses.

    forms     by status, the media types of an answer that has several
    computed  it may take so long that the answer is 202
    """
    responses = {
        200: ResponseSpec(
            body, generate_examples=False, description=description, media_type=media_type
        )
    }
    for status in sorted({400, 414, 500, 503, *statuses}):
        responses[status] = ResponseSpec(
            None if status in (206, 304) else Problem,
            generate_examples=False,
            description=_MEANINGS[status],
            media_type=PROBLEM_JSON,
        )
    if computed:
        responses |= COMPUTING
    return {"responses": responses, "operation_class": partial(_operation, forms or {})}


def _operation(forms: Mapping[int, Sequence[str]], **fields: Any) -> Operation:
    """An operation whose answers come in these media types; what is no JSON is bytes."""
    operation = Operation(**fields)
    for status, media_types in forms.items():
        answer = (operation.responses or {})[str(status)]
        assert isinstance(answer, OpenAPIResponse)
        content = answer.content or {}
        file = OpenAPIMediaType(Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        answer.content = {form: content[form] if form == JSON else file for form in media_types}
    return operation


def openapi() -> OpenAPIConfig:
    """The document is at /schema/openapi.json."""
    return OpenAPIConfig(
        title="estimates",
        version=__version__,
        description="Versioned, gated sets of estimates, read by key. Every GET answers HEAD too.",
        # Litestar answers paths under this one with its own 404 page: keep them few.
        path="/schema/openapi.json",
        render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"])],
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, _method, _path: handler.handler_name,
    )
