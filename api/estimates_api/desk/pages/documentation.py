"""The routes for programs, as the OpenAPI document has them; scripts add a form to try each."""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar.types import ASGIApp

from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.filters import json
from estimates_api.http.url_text import ReadRequest

# By the last fixed segment of a path: what people look for first stands first.
_ORDER = (
    *("sets", "versions", "estimates", "keys", "history", "outcome", "explain", "diff", "changes"),
    *(
        "pictures",
        "stability",
        "frozen",
        "triangle",
        "accuracy",
        "ranking",
        "data",
        "verdict",
        "schema",
    ),
    *("domains", "events", "live", "ready", "metrics"),
)


class Operation(NamedTuple):
    """A route and method; `about` is the first sentence of what it says."""

    method: str
    path: str
    about: str
    more: str
    parameters: list[dict[str, Any]]
    has_body: bool
    answers: list[tuple[str, str, str]]


@desk_page("/docs", "anybody")
async def documentation(request: ReadRequest) -> ASGIApp:
    """All routes, in the order in which people meet them, and the bodies."""
    page = DeskPage(request)
    document = request.app.openapi_schema.to_schema()
    operations = [
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document["components"]["schemas"]
    return page.draw(
        "docs.html",
        operations=sorted(operations, key=_place),
        bodies=[(name, schemas[name], _fields(schemas[name])) for name in sorted(schemas)],
        version=document["info"]["version"],
        about=document["info"].get("description", ""),
    )


def type_name(schema: dict[str, Any] | None) -> str:
    """A JSON Schema in a few words."""
    if not schema:
        return ""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for kind in ("oneOf", "anyOf"):
        if kind in schema:
            return " | ".join(map(type_name, schema[kind]))
    if "enum" in schema:
        return " | ".join("null" if value is None else str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"[{type_name(schema.get('items'))}, …]"
    kinds = schema.get("type", "")
    words = " | ".join(kinds) if isinstance(kinds, list) else kinds
    return f"{words} ({schema['format']})" if "format" in schema else words


def _operation(method: str, path: str, operation: dict[str, Any]) -> Operation:
    about, _, more = " ".join(operation.get("description", "").split()).partition(". ")
    answers = [
        (
            status,
            type_name(next(iter(answer.get("content", {}).values()), {}).get("schema")),
            answer["description"],
        )
        for status, answer in sorted(operation["responses"].items())
    ]
    parameters = [
        each | {"type": type_name(each.get("schema")), "default": _default(each.get("schema"))}
        for each in operation.get("parameters", [])
    ]
    return Operation(
        method.upper(), path, about, more, parameters, "requestBody" in operation, answers
    )


def _default(schema: dict[str, Any] | None) -> str:
    """The default of a parameter as it stands in a URL; "" for none."""
    value = (schema or {}).get("default")
    return "" if value is None else value if isinstance(value, str) else json(value)


def _place(operation: Operation) -> tuple[int, str, str]:
    fixed = [part for part in operation.path.split("/") if part and not part.startswith("{")]
    last = fixed[-1]
    return (_ORDER.index(last) if last in _ORDER else len(_ORDER), operation.path, operation.method)


def _fields(schema: dict[str, Any]) -> list[tuple[str, str, bool]]:
    required = schema.get("required", [])
    return [
        (name, type_name(field), name in required)
        for name, field in schema.get("properties", {}).items()
    ]


ROUTES = [documentation]
