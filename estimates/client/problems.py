"""Replies that are errors, as the exceptions that a store raises in process: same class, code,
message, details.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from estimates.client.plans import Reply
from estimates.errors import (
    ConflictError,
    CorruptError,
    EstimatesError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

_KINDS: dict[int, type[EstimatesError]] = {
    401: RefusedError,
    403: RefusedError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    429: UnavailableError,
    500: CorruptError,
    503: UnavailableError,
}
# the others are
_NO_DETAILS = ("type", "title", "status", "detail", "instance", "code", "message", "self")
_SHOWN = 80  # characters of a body that is not ours

# Of what the service itself cannot do, what is no damage.
_REFUSALS = ("cache_refused", "catalog_refused", "schema_revision", "storage_refused")

# Statuses of a gateway after which the same request may succeed.
_PASSING = (408, 425, 429)

T = TypeVar("T")


def error_of(reply: Reply) -> EstimatesError:
    """The exception for a reply that is not an answer.

    For whatever is no problem of the service, such as the page of a proxy, UnavailableError
    (`bad_gateway`), or RefusedError (`not_the_service`) where the same URL will not do better.
    """
    problem = _problem(reply)
    if problem is None:
        return not_the_service(reply)
    kind = _KINDS.get(reply.status, InvalidError if reply.status < 500 else UnavailableError)
    if kind is CorruptError and problem["code"] in _REFUSALS:
        kind = RefusedError
    details = {name: value for name, value in problem.items() if name not in _NO_DETAILS}
    return kind(problem["code"], problem["detail"], **details)


def not_the_service(reply: Reply) -> EstimatesError:
    """Something that answered is not the service: a gateway whose service is away, or another
    server.
    """
    start = " ".join(reply.body[: 4 * _SHOWN].decode(errors="replace").split())[:_SHOWN]
    what = reply.headers.get("content-type") or "no content type"
    text = f"not an answer of the service but status {reply.status}, {what}: {start!r}"
    remedy = "check the URL, and the proxies on the way"
    if reply.status >= 500 or reply.status in _PASSING:
        return UnavailableError("bad_gateway", text, remedy=remedy, status=reply.status)
    return RefusedError("not_the_service", text, remedy=remedy, status=reply.status)


def decoded(reply: Reply, kind: type[T]) -> T:
    """The body of an answer; raises RefusedError (`not_the_service`) when it is something else."""
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except msgspec.MsgspecError:
        raise not_the_service(reply) from None


def _problem(reply: Reply) -> dict[str, Any] | None:
    if not reply.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        problem = msgspec.json.decode(reply.body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
    ours = isinstance(problem.get("code"), str) and isinstance(problem.get("detail"), str)
    return problem if ours else None
