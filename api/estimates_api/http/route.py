"""How a route is declared: its path, what its answers are in the OpenAPI document, what its handler
is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Schema,
    SecurityScheme,
)

from estimates import __version__
from estimates_api.access.route_access import OPT, WHOLE_SET, About
from estimates_api.http.bodies import Problem
from estimates_api.http.problems import PROBLEM_JSON
from estimates_api.http.representation import JSON, PARQUET
from estimates_api.http.request_bodies import MAX_BYTES
from estimates_api.http.request_path import MAX_URL_BYTES
from estimates_api.serving.follower import Follower
from estimates_api.serving.reports import COMPUTING, Reports
from estimates_api.serving.threads import off_loop

# Parameters of a handler.
InjectedFollower = NamedDependency[Follower]
InjectedReports = NamedDependency[Reports]

_MEANINGS = {
    304: "What If-None-Match names is still the answer.",
    400: "The path or a parameter is wrong.",
    206: "The part of the file that Range asks for.",
    401: "The service wants to know who asks, and the token does not count.",
    403: "The token does not open this answer.",
    404: "There is no such set, version, alias, key or verdict; `code` says which.",
    406: "None of the media types in Accept is one of this answer.",
    408: "The body did not come in time.",
    409: "The two versions cannot be compared.",
    410: "The version has expired and its files are gone, or the key was erased.",
    413: f"The body has more than {MAX_BYTES:,} bytes.",
    414: f"Path and query have more than {MAX_URL_BYTES:,} bytes.",
    416: "Nothing of the file lies in the range; Content-Range has its size.",
    422: "The body is wrong.",
    429: "Too many requests; Retry-After says when to ask again.",
    500: "Stored data is damaged, or the service failed.",
    503: "Something the service needs cannot be reached; retry.",
}


def reading(
    path: str,
    body: Any,
    *statuses: int,
    about: About = WHOLE_SET,
    forms: Sequence[str] = (),
    **more: Any,
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """A GET route whose answer has an entity tag: as `answers`, with the statuses that follow.

    A handler that may read files or SQL is a plain function, and is run in a thread. `about` is
    what a reader has to be allowed to see.
    """
    statuses += (304,)
    if path.startswith("/v1/sets/"):
        statuses += (404,)
    if len(forms) > 1:
        statuses += (406,)

    def declare(handler: Callable[..., Any]) -> HTTPRouteHandler:
        run = handler if iscoroutinefunction(handler) else off_loop(handler)
        return get(path, opt={OPT: about}, **answers(body, *statuses, forms=forms, **more))(run)

    return declare


def answers(
    body: Any,
    *statuses: int,
    description: str,
    forms: Sequence[str] = (),
    media_type: str = JSON,
    computed: bool = False,
    **structs: type,
) -> dict[str, Any]:
    """The arguments of a route that document its answers: 200 with this body, and these statuses.

    forms     the media types of the answer, where it is not JSON alone
    computed  it may take so long that the answer is 202
    structs   by argument of the handler, the Struct that is read from the query
    """
    responses = {
        200: ResponseSpec(
            body, generate_examples=False, description=description, media_type=media_type
        )
    }
    for status in sorted({400, 401, 403, 414, 429, 500, 503, *statuses}):
        responses[status] = ResponseSpec(
            None if status in (206, 304) else Problem,
            generate_examples=False,
            description=_MEANINGS[status],
            media_type=PROBLEM_JSON,
        )
    if computed:
        responses |= COMPUTING
        responses[429] = ResponseSpec(
            Problem,
            generate_examples=False,
            description="Too many reports are being computed; ask again after Retry-After seconds.",
            media_type=PROBLEM_JSON,
        )
    return {
        "responses": responses,
        "operation_class": partial(_operation, forms),
        "dependencies": {
            name: Provide(struct, sync_to_thread=False) for name, struct in structs.items()
        },
    }


def _operation(forms: Sequence[str], **fields: Any) -> Operation:
    """An operation whose answer comes in these media types; what is no JSON is bytes."""
    operation = Operation(**fields)
    file = OpenAPIMediaType(Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
    # a part of a file is Parquet
    for status, media_types in (("200", forms), ("206", (PARQUET,))):
        answer = (operation.responses or {}).get(status)
        if media_types and isinstance(answer, OpenAPIResponse):
            content = answer.content or {}
            answer.content = {form: content[form] if form == JSON else file for form in media_types}
    return operation


def openapi() -> OpenAPIConfig:
    """The document is at /schema/openapi.json."""
    return OpenAPIConfig(
        title="estimates",
        version=__version__,
        description="Versioned, gated sets of estimates, read by key. Every GET answers HEAD too.",
        # Litestar answers paths under this one with its own 404 page: keep them few.
        openapi_router=Router(
            "/schema/openapi.json",
            route_handlers=[],
            include_in_schema=False,
            opt={OPT: "anybody"},
        ),
        render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"])],
        use_handler_docstrings=True,
        components=Components(security_schemes={"token": SecurityScheme("http", scheme="bearer")}),
        security=[{"token": []}, {}],
        operation_id_creator=lambda handler, _method, _path: handler.handler_name,
    )
