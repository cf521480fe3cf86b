"""How the OpenAPI document describes the answers of a route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

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
from estimates_api.http.negotiation import ARROW, CSV, PAGES, PARQUET, TABLES
from estimates_api.http.problems import PROBLEM_JSON
from estimates_api.http.representation import JSON

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


def documented(body: Any, *statuses: int, description: str) -> dict[int, ResponseSpec]:
    """The answers of a route: 200 with this body, these statuses, and those of every route."""
    answers = {200: ResponseSpec(body, generate_examples=False, description=description)}
    for status in sorted({400, 414, 500, 503, *statuses}):
        container = None if status in (206, 304) else Problem
        answers[status] = ResponseSpec(
            container,
            generate_examples=False,
            description=_MEANINGS[status],
            media_type=PROBLEM_JSON,
        )
    return answers


@dataclass
class _Forms(Operation):
    """An operation whose answers come in several media types.

    forms  by status
    """

    forms: ClassVar[dict[int, Sequence[str]]] = {}

    def __post_init__(self) -> None:
        """Document the media types."""
        for status, forms in self.forms.items():
            _add_forms(self, status, forms)


class Tabular(_Forms):
    """An operation whose answer comes as a table too."""

    forms: ClassVar = {200: TABLES}


class TabularFile(_Forms):
    """An operation whose answer comes as a table too, and as Parquet."""

    forms: ClassVar = {200: (*TABLES, PARQUET)}


class ParquetFile(_Forms):
    """An operation whose answer is a Parquet file."""

    forms: ClassVar = {200: (PARQUET,)}


class Page(_Forms):
    """An operation whose answer comes as a page for people too."""

    forms: ClassVar = {200: PAGES}


class WholeVersion(_Forms):
    """An operation that answers with a file, of Parquet also a part."""

    forms: ClassVar = {200: (PARQUET, ARROW, CSV), 206: (PARQUET,)}


def _add_forms(operation: Operation, status: int, forms: Sequence[str]) -> None:
    """Add media types to an answer, those that are no JSON as they are: bytes."""
    answer = (operation.responses or {})[str(status)]
    assert isinstance(answer, OpenAPIResponse)
    documented = answer.content or {}
    file = OpenAPIMediaType(Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
    answer.content = {form: documented[form] if form == JSON else file for form in forms}


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
