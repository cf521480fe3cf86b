"""The short way to what is asked all day: answers of three routes, without the framework between
request and answer.

Whatever is not plain has no short way and takes the route: escapes in the URL, rare parameters, a
form other than JSON, a file to be opened, and all that ends in a problem.
"""

from __future__ import annotations

from typing import Any

import msgspec

from estimates_api.http.bodies import Batch
from estimates_api.http.parameters import DEFAULT_REF
from estimates_api.http.representation import Representation
from estimates_api.http.routing import raw_path
from estimates_api.routes.estimates import FEW_KEYS, many, one, page
from estimates_api.serving.follower import Follower

_BEFORE = "/v1/sets/"
_ONE, _PAGE = "/v1/sets/{set}/estimates/{key}", "/v1/sets/{set}/estimates"
_ACCEPTED = (b"*/*", b"application/json")
_PLAIN = frozenset(("ref", "as_of", "fields"))
_RARE = frozenset(("shape", "limit", "cursor", "clock"))
_PARAMETERS = _PLAIN | _RARE
_TYPED = (b"application/json",)
_BODY_BYTES = 512 * 1024
_decode_batch = msgspec.json.Decoder(Batch).decode


def fast_get(follower: Follower, scope: Any) -> Representation | None:
    """The answer to a request; None when it has to take the route."""
    if scope["method"] != "GET" or scope.get("root_path"):
        return None
    for header, value in scope["headers"]:
        if header == b"accept" and value not in _ACCEPTED:
            return None
    try:
        path = raw_path(scope)
        name, *rest = path[len(_BEFORE) :].split("/")
        if (
            not path.startswith(_BEFORE)
            or "%" in path
            or not rest
            or rest[0] != "estimates"
            or not rest[-1]
        ):
            return None
        query = _plain_query(scope["query_string"])
        if query is None:
            return None
        if len(rest) == 1:
            answer = _page(follower, name, query)
        elif query:
            answer = _one(follower, name, rest[1:], query)
        else:
            answer = one(follower.nonblocking, name, rest[1:])
    except Exception:  # whatever it is, the route meets it too, and says it as a problem
        return None
    if answer is not None:
        scope["path_template"] = _ONE if len(rest) > 1 else _PAGE
    return answer


async def fast_batch(
    follower: Follower, scope: Any, receive: Any
) -> tuple[Representation | None, Any]:
    """The answer to a batch or None when it has to take the route, and what the route is to receive
    the body from.
    """
    headers = dict(scope["headers"])
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    name, _, rest = path[len(_BEFORE) :].partition("/")
    plain = path.startswith(_BEFORE) and rest == "estimates" and "%" not in path and path.isascii()
    length = headers.get(b"content-length", b"")
    if (
        not plain
        or scope["query_string"]
        or scope.get("root_path")
        or len(headers) < len(scope["headers"])  # one is given twice
        or headers.get(b"accept", b"*/*") not in _ACCEPTED
        or headers.get(b"content-type", _TYPED[0]) not in _TYPED
        or not (length.isdigit() and int(length) <= _BODY_BYTES)
    ):
        return None, receive
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    try:
        asked = _decode_batch(b"".join(message["body"] for message in messages))
        if len(asked.keys) > FEW_KEYS:
            raise ValueError(len(asked.keys))
        answer = many(follower.nonblocking, name, asked)
    except Exception:  # whatever it is, the route meets it too, and says it as a problem
        return None, _again(messages, receive)
    scope["path_template"] = _PAGE
    return answer, receive


def _again(messages: list[Any], receive: Any) -> Any:
    """Receives once more what was received, then what comes."""
    left = iter(messages)

    async def receive_again() -> Any:
        message = next(left, None)
        return await receive() if message is None else message

    return receive_again


def _one(
    follower: Follower, name: str, key: list[str], query: dict[str, str]
) -> Representation | None:
    if not query.keys() <= _PLAIN:
        return None
    ref, as_of, fields = query.get("ref", DEFAULT_REF), query.get("as_of"), query.get("fields")
    return one(follower.nonblocking, name, key, ref, as_of, fields=fields)


def _page(follower: Follower, name: str, query: dict[str, str]) -> Representation | None:
    if query.keys().isdisjoint(_PARAMETERS):
        return page(follower.nonblocking, name, query)
    if not query.keys().isdisjoint(_RARE):
        return None
    ref, as_of, fields = query.get("ref", DEFAULT_REF), query.get("as_of"), query.get("fields")
    return page(follower.nonblocking, name, query, ref, as_of, fields=fields)


def _plain_query(query: bytes) -> dict[str, str] | None:
    """The parameters of a query without escapes, each given once; None for another one."""
    if not query:
        return {}
    text = query.decode("latin-1")
    if "%" in text or "+" in text or not text.isascii():
        return None
    pairs = [pair.partition("=") for pair in text.split("&")]
    found = {name: value for name, equals, value in pairs if equals}
    return found if len(found) == len(pairs) else None
