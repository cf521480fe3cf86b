"""The short way to what is asked all day: the answers of two routes, without the framework between request and answer.

Whatever is not plain has no short way and takes the route: escapes in the URL, rare parameters, a form other than JSON,
a file to be opened, and all that ends in a problem.
"""

from __future__ import annotations

from typing import Any

from api.estimates import one, page
from api.follower import Follower
from api.parameters import DEFAULT_REF
from api.representation import Representation
from api.routing import raw_path

_BEFORE = "/v1/sets/"
_ONE, _PAGE = "/v1/sets/{set}/estimates/{key}", "/v1/sets/{set}/estimates"
_ACCEPTED = (b"*/*", b"application/json")
_PLAIN = frozenset(("ref", "as_of", "fields"))
_RARE = frozenset(("shape", "limit", "cursor", "clock"))
_PARAMETERS = _PLAIN | _RARE


def short_way(follower: Follower, scope: Any) -> Representation | None:
    """The answer to a request; None when it has to take the route."""
    if scope["method"] != "GET" or scope.get("root_path"):
        return None
    for header, value in scope["headers"]:
        if header == b"accept" and value not in _ACCEPTED:
            return None
    try:
        path = raw_path(scope)
        name, *rest = path[len(_BEFORE) :].split("/")
        if not path.startswith(_BEFORE) or "%" in path or not rest or rest[0] != "estimates" or not rest[-1]:
            return None
        query = _plain_query(scope["query_string"])
        if query is None:
            return None
        if len(rest) == 1:
            answer = _page(follower, name, query)
        elif query:
            answer = _one(follower, name, rest[1:], query)
        else:
            answer = one(follower.at_once, name, rest[1:])
    except Exception:  # whatever it is, the route meets it too, and says it as a problem
        return None
    if answer is not None:
        scope["path_template"] = _ONE if len(rest) > 1 else _PAGE
    return answer


def _one(follower: Follower, name: str, key: list[str], query: dict[str, str]) -> Representation | None:
    if not query.keys() <= _PLAIN:
        return None
    ref, as_of, fields = query.get("ref", DEFAULT_REF), query.get("as_of"), query.get("fields")
    return one(follower.at_once, name, key, ref, as_of, fields=fields)


def _page(follower: Follower, name: str, query: dict[str, str]) -> Representation | None:
    if query.keys().isdisjoint(_PARAMETERS):
        return page(follower.at_once, name, query)
    if not query.keys().isdisjoint(_RARE):
        return None
    ref, as_of, fields = query.get("ref", DEFAULT_REF), query.get("as_of"), query.get("fields")
    return page(follower.at_once, name, query, ref, as_of, fields=fields)


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
