"""The fast path: plain lookups and batches, answered without the framework.

It calls the answer functions of `routes.estimates`, and reads the same parameters as the routes.
Whatever is not plain returns None and takes the route: escapes in a query or a set's name, forms
other than JSON, a file to be opened, every error.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import msgspec

from estimates.access.principal import Principal
from estimates.reading.row_request import TO
from estimates_api.http.bodies import Batch
from estimates_api.http.parameters import EstimateParameters, PageParameters
from estimates_api.http.repeated_names import may_repeat
from estimates_api.http.representation import Representation, TaggedJson
from estimates_api.http.request_bodies import SMALL_BYTES
from estimates_api.http.request_path import raw_path
from estimates_api.http.resolved_request import ResolvedRequest, resolve
from estimates_api.routes.estimates import (
    FEW_KEYS,
    answer_batch,
    answer_estimate,
    answer_page,
    resolve_page,
)
from estimates_api.routes.rows import asks_for_rows
from estimates_api.serving.follower import Follower

_PREFIX = "/v1/sets/"
_ESTIMATE = "/v1/sets/{set}/estimates/{key}"
_PAGE = "/v1/sets/{set}/estimates"
_JSON = b"application/json"
_ACCEPTED = (b"*/*", _JSON)
_PAGE_PARAMETERS = frozenset(PageParameters.__struct_fields__)
_DEFAULT_PAGE = PageParameters()
_decode_batch = msgspec.json.Decoder(Batch).decode


def fast_get(follower: Follower, scope: Any) -> Representation | TaggedJson | None:
    """The answer to a GET; None when it has to take the route."""
    if scope["method"] != "GET" or scope.get("root_path"):
        return None
    for header, value in scope["headers"]:
        if header == b"accept" and value not in _ACCEPTED:
            return None
    try:
        path = raw_path(scope)
        before, v1, sets, name, estimates, *key = path.split("/")
        if before or v1 != "v1" or sets != "sets" or estimates != "estimates" or "%" in name:
            return None
        if not _reads_whole(scope, name):
            return None
        if key:
            if not key[-1]:
                return None
            if "%" in path:
                key = [unquote(part) for part in key]
            resolved, lookup = _resolved(follower, name, scope["query_string"])
            answer = answer_estimate(resolved, key, lookup)
        else:
            parameters = _plain_parameters(scope["query_string"])
            resolved, page = _resolved_page(follower, name, parameters)
            answer = answer_page(resolved, page, parameters)
    except Exception:  # the route meets the same error, and answers with a problem
        return None
    scope["path_template"] = _ESTIMATE if key else _PAGE
    return answer


def fast_batch(follower: Follower, scope: Any, body: bytes) -> Representation | None:
    """The answer to a batch; None when it has to take the route."""
    headers = dict(scope["headers"])
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    name, _, rest = path[len(_PREFIX) :].partition("/")
    plain = path.startswith(_PREFIX) and rest == "estimates" and "%" not in path and path.isascii()
    if (
        not plain
        or scope["query_string"]
        or scope.get("root_path")
        or len(headers) < len(scope["headers"])  # a header is given twice
        or headers.get(b"accept", b"*/*") not in _ACCEPTED
        or headers.get(b"content-type", _JSON) != _JSON
        or len(body) > SMALL_BYTES
        or not _reads_whole(scope, name)
    ):
        return None
    try:
        batch = _decode_batch(body)
        if len(batch.keys) > FEW_KEYS or may_repeat(body, Batch):
            return None
        answer = answer_batch(follower.nonblocking, name, batch)
    except Exception:  # the route meets the same error, and answers with a problem
        return None
    scope["path_template"] = _PAGE
    return answer


def _reads_whole(scope: Any, name: str) -> bool:
    """Whether the set is open to whoever asks; the route narrows what is not.

    What scripts of other origins ask takes the route, too: it writes what browsers want to read.
    """
    principal: Principal | None = scope.get("principal")
    return (principal is None or principal.reads_whole(name)) and "cross_origin" not in scope


def _resolved(
    follower: Follower, name: str, query: bytes
) -> tuple[ResolvedRequest, EstimateParameters]:
    """What a lookup is resolved to, and its parameters; clients repeat the same few queries."""
    reader = follower.nonblocking(None)
    return reader.memoized((name, query)) or reader.memoize(
        (name, query), lambda: _resolve(follower, name, query)
    )


def _resolve(
    follower: Follower, name: str, query: bytes
) -> tuple[ResolvedRequest, EstimateParameters]:
    lookup = msgspec.convert(_plain_parameters(query), EstimateParameters, strict=False)
    return resolve(follower.nonblocking, name, lookup.ref, lookup), lookup


def _resolved_page(
    follower: Follower, name: str, parameters: dict[str, str]
) -> tuple[ResolvedRequest, PageParameters]:
    """What a page is resolved to, and its parameters; those of the key are among them."""
    if parameters.keys().isdisjoint(_PAGE_PARAMETERS):
        return _resolved(follower, name, b"")[0], _DEFAULT_PAGE
    lookup = msgspec.convert(parameters, PageParameters, strict=False)
    if asks_for_rows(lookup, parameters):
        raise ValueError(parameters)
    return resolve_page(follower.nonblocking, name, lookup), lookup


def _plain_parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query; raises ValueError for escapes, ranges, and repeated or bare
    names.
    """
    if not query:
        return {}
    text = query.decode("latin-1")
    if "%" in text or "+" in text or TO in text or not text.isascii():
        raise ValueError(text)
    parameters: dict[str, str] = {}
    for pair in text.split("&"):
        name, equals, value = pair.partition("=")
        if not equals or name in parameters:
            raise ValueError(text)
        parameters[name] = value
    return parameters
