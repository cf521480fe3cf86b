"""How the text of a path and of a query is read; names that a route does not know are refused.

A key in a path is one segment per key column; in a query, leading parts are parameters named like
the key columns. A part is the text of `estimates.keys.key_form`: a date is `2026-11-24`, a
timestamp `2026-11-24T16:00:00Z`, an integer its decimal digits.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import unquote, unquote_to_bytes

from litestar import Request
from litestar.datastructures import MultiDict
from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg, QueryParameter
from litestar.typing import FieldDefinition

from estimates import instants
from estimates.catalog.ref import Ref
from estimates.errors import InvalidError, NotFoundError
from estimates.render.wording import did_you_mean

ReadRequest = Request[Any, Any, Any]
_NUMBER = re.compile(r"[0-9]{1,15}")


def read_key(path: str) -> list[str]:
    """The key parts of a path that is still percent-encoded: split first, then decoded once;
    `request_path.raw_path` has made sure that they are UTF-8.
    """
    parts = path.strip("/").split("/")
    return parts if "%" not in path else [unquote(part) for part in parts]


def leading_key(
    query: Mapping[str, Any],
    key: Sequence[str],
    parameters: Sequence[str],
    reserved: Collection[str] = (),
) -> list[str]:
    """The leading key parts among the query parameters, in the order of the key columns.

    parameters  names of the route's own parameters
    reserved    names that never mean a key column
    Raises InvalidError (`key_parts`, `unknown_parameter`, `repeated_parameter`).
    """
    check_names(query, (*key, *parameters))
    present = [name in query and name not in reserved for name in key]
    count = sum(present)
    if not all(present[:count]):
        missing = key[present.index(False)]
        raise InvalidError(
            "key_parts",
            f"a leading part of the key is {', '.join(key)}, in this order",
            remedy=f"{missing} is missing",
        )
    return [query[name] for name in key[:count]]


def read_ref(text: str | int) -> Ref:
    """A ref: digits are a version number, anything else an alias.

    Raises NotFoundError (`unknown_version`) for a number that is too large.
    """
    if isinstance(text, int) or not (text.isascii() and text.isdigit()):
        return text
    if not _NUMBER.fullmatch(text):
        raise NotFoundError(
            "unknown_version",
            f"there is no version {text[:20]}…: the number is too large",
            remedy="/v1/sets/SET/versions lists those that there are",
        )
    return int(text)


def read_number(text: str | None, code: str, problem: str, remedy: str) -> int | None:
    """A number in decimal digits; raises InvalidError with this code for any other text."""
    if text is not None and not _NUMBER.fullmatch(text):
        raise InvalidError(code, problem, remedy=remedy)
    return None if text is None else int(text)


@lru_cache(1024)
def read_time(text: str | None, parameter: str) -> datetime | None:
    """A time; raises InvalidError (`bad_time`) that names the parameter."""
    return None if text is None else instants.parse(text, parameter)


def read_fields(text: str | None) -> list[str] | None:
    """Column names separated by commas; an empty text names no column."""
    return None if text is None else text.split(",") if text else []


async def refuse_unknown(request: ReadRequest) -> None:
    """Refuse query parameters that the route does not know; runs before each handler.

    A guard would do the same at half the cost of the rest of the framework. A route that takes
    `query` has names that depend on the contract, and checks them itself.
    Raises InvalidError (`bad_parameter`, `unknown_parameter`, `repeated_parameter`).
    """
    query = request.scope["query_string"]
    if not query:
        return
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise InvalidError(
            "bad_parameter",
            "the query is not percent-encoded UTF-8",
            remedy="write each byte of the text that is no letter as %XX",
        ) from None
    if "query" not in request.route_handler.parsed_fn_signature.parameters:
        check_names(request.query_params, names_of(request.route_handler))


def names_of(handler: BaseRouteHandler) -> list[str]:
    """The names of a route's query parameters."""
    parameters = parameters_of(handler).values()
    return [d.name for d in parameters if isinstance(d, QueryParameter) and d.name]


@cache
def parameters_of(handler: BaseRouteHandler) -> dict[str, ParameterKwarg | None]:
    """The parameters of a route by argument name, those of its dependencies in their place."""
    parameters: dict[str, ParameterKwarg | None] = {}
    for argument, declared in _declared(handler).items():
        definition = declared.kwarg_definition
        parameters[argument] = definition if isinstance(definition, ParameterKwarg) else None
    return parameters


@cache
def choices_of(handler: BaseRouteHandler, argument: str) -> list[str]:
    """The values that a parameter of a route may have, or a field of its body of that name; none
    where they are not listed.
    """
    declared = _declared(handler)
    body = declared.get("data")
    fields = get_type_hints(body.annotation) if body is not None else {}
    kind = declared[argument].annotation if argument in declared else fields.get(argument)
    parts = [kind, *get_args(kind)]
    return [repr(v) for part in parts if get_origin(part) is Literal for v in get_args(part)]


def _declared(handler: BaseRouteHandler) -> dict[str, FieldDefinition]:
    dependencies = handler.resolve_dependencies()
    declared: dict[str, FieldDefinition] = {}
    for name, field in handler.parsed_fn_signature.parameters.items():
        if name in dependencies:
            declared |= dependencies[name].parsed_fn_signature.parameters
        else:
            declared[name] = field
    return declared


def check_names(query: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Raises InvalidError (`unknown_parameter`, `repeated_parameter`)."""
    known = list(allowed)
    for name in query:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise InvalidError(
                "unknown_parameter",
                f"this route has no query parameter {name!r}{did_you_mean(name, known)}",
                remedy=takes,
            )
        if isinstance(query, MultiDict) and len(query.getall(name)) > 1:
            raise InvalidError(
                "repeated_parameter",
                f"query parameter {name!r} is given more than once",
                remedy="give it once",
            )
