"""Errors as RFC 9457 problems with a stable `code`; docs/http.md lists the codes."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException

from estimates.errors import (
    ConflictError,
    CorruptError,
    EstimatesError,
    GateError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from estimates_api.http.request_path import with_head
from estimates_api.http.url_text import ReadRequest, choices_of, parameters_of

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = 1
log = logging.getLogger("api")

_STATUS: dict[type[EstimatesError], HTTPStatus] = {
    InvalidError: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    GateError: HTTPStatus.CONFLICT,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    RefusedError: HTTPStatus.INTERNAL_SERVER_ERROR,
    CorruptError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_STATUS_OF_CODE = {
    "unknown_host": HTTPStatus.MISDIRECTED_REQUEST,
    "too_many_requests": HTTPStatus.TOO_MANY_REQUESTS,
    "quota_spent": HTTPStatus.TOO_MANY_REQUESTS,
    "whole_set_needed": HTTPStatus.FORBIDDEN,
    "not_permitted": HTTPStatus.FORBIDDEN,
    "token_expired": HTTPStatus.UNAUTHORIZED,
    "bad_token": HTTPStatus.UNAUTHORIZED,
    "no_token": HTTPStatus.UNAUTHORIZED,
    "body_incomplete": HTTPStatus.BAD_REQUEST,
    "body_timeout": HTTPStatus.REQUEST_TIMEOUT,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_many_reports": HTTPStatus.TOO_MANY_REQUESTS,
    "erased": HTTPStatus.GONE,
    "expired": HTTPStatus.GONE,
    "url_too_long": HTTPStatus.REQUEST_URI_TOO_LONG,
    "not_acceptable": HTTPStatus.NOT_ACCEPTABLE,
    "no_arrow": HTTPStatus.NOT_ACCEPTABLE,
    "no_charts": HTTPStatus.NOT_ACCEPTABLE,  # the only form that a service without the extra lacks
    "bad_range": HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
}
# What a client reads of the server's own errors; the log has the paths and addresses.
_SERVER_ERRORS: dict[type[EstimatesError], str] = {
    UnavailableError: "something the service needs cannot be reached; retry",
    RefusedError: "the service may not read something that it needs; retrying does not help, the "
    "operator finds what in the service's log",
    CorruptError: "stored data is damaged; retrying does not help, the operator finds the file in "
    "the service's log",
}
# Their messages name nothing internal, and they come too often to be logged one by one.
_SHOWN = frozenset(
    (
        "starting",
        "not_ready",
        "overloaded",
        "stopping",
        "too_many_reports",
        "too_many_requests",
        "quota_spent",
        "too_many_streams",
        "no_issuer",
        "no_token",
        "bad_token",
        "token_expired",
        "not_permitted",
        "whole_set_needed",
    )
)
_URL_CODES = frozenset(("unknown_parameter", "repeated_parameter", "bad_parameter", "bad_path"))


def problem(
    status: int,
    code: str,
    detail: str,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    """A problem response; `details` are further members, in the words of the error."""
    members = {
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
    }
    body = msgspec.json.encode(
        members | {k: v for k, v in (details or {}).items() if k not in members}
    )
    return Response(
        body,
        status_code=status,
        media_type=PROBLEM_JSON,
        headers={"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        | (headers or {}),
    )


def status_of(error: EstimatesError) -> int:
    """The status of a problem for one of our errors, but for what is wrong in a body."""
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    return int(_STATUS_OF_CODE.get(error.code, status))


def from_error(request: ReadRequest, error: EstimatesError) -> Response[bytes]:
    """A problem for one of our errors."""
    kind, status = next(entry for entry in _STATUS.items() if isinstance(error, entry[0]))
    if kind is InvalidError and request.method == "POST" and error.code not in _URL_CODES:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    status = _STATUS_OF_CODE.get(error.code, status)
    headers = None
    if kind is UnavailableError:
        headers = {"retry-after": str(error.details.get("retry_after", RETRY_AFTER_S))}
    if status == HTTPStatus.UNAUTHORIZED:
        headers = {"www-authenticate": "Bearer"}
    if error.code == "bad_range":
        headers = {"content-range": f"bytes */{error.details['size']}"}
    if kind not in _SERVER_ERRORS or error.code in _SHOWN:
        return problem(status, error.code, error.message, error.details, headers)
    log.error("%s: %s", _route(request), error)
    return problem(status, error.code, _SERVER_ERRORS[kind], None, headers)


def from_framework(request: ReadRequest, error: HTTPException) -> Response[bytes]:
    """A problem for an error of the framework: unknown route or method, wrong types."""
    status = error.status_code
    if isinstance(error, ValidationException):
        faults = [fault for fault in error.extra or [] if isinstance(fault, dict)]
        if any(fault.get("source") == "body" for fault in faults):
            return problem(422, "bad_body", f"the body does not fit: {_listed(request, faults)}")
        return problem(400, "bad_parameter", _listed(request, faults) or error.detail)
    if isinstance(error.__cause__, SerializationException):
        coding = request.headers.get("content-encoding", "identity")
        if coding != "identity":
            return problem(422, "bad_body", "the body is compressed; send it as it is")
        return problem(422, "bad_body", f"the body is not JSON: {error.detail}")
    if status == 404:
        return problem(404, "no_route", "there is nothing at this path; GET /docs shows the routes")
    if status == 405:
        allowed = with_head((error.headers or {}).get("allow", ""))
        return problem(
            405, "method_not_allowed", f"allowed here: {allowed}", None, {"allow": allowed}
        )
    if status == 413:
        limit = request.app.request_max_body_size
        return problem(
            413, "body_too_large", f"a body has at most {limit} bytes; send several smaller batches"
        )
    if status >= 500:
        return from_unexpected(request, error)
    return problem(status, "bad_request", error.detail)


def from_unexpected(request: ReadRequest, error: Exception) -> Response[bytes]:
    """A problem for a fault of the program; the trace goes to the log only."""
    if request.method == "POST" and isinstance(error, RecursionError | UnicodeDecodeError):
        fault = (
            "its text is not UTF-8" if isinstance(error, ValueError) else "it is nested too deep"
        )
        return problem(422, "bad_body", f"the body is not JSON that can be read: {fault}")
    log.error("unexpected error in %s", _route(request), exc_info=error)
    return problem(500, "internal", "the service failed unexpectedly; its log has the trace")


def _route(request: ReadRequest) -> str:
    """The route and not the path, in which keys may be personal data."""
    return f"{request.method} {request.scope.get('path_template') or 'an unknown route'}"


def _listed(request: ReadRequest, faults: list[dict[str, Any]]) -> str:
    return "; ".join(f"{_place(request, fault)}: {_fault(request, fault)}" for fault in faults)


def _place(request: ReadRequest, fault: dict[str, Any]) -> str:
    """Where a fault lies, in the caller's names and not those of our functions."""
    key = str(fault.get("key", ""))
    if key == "data":
        return "top level"
    definition = parameters_of(request.route_handler).get(key)
    return key if definition is None else definition.name or key


def _fault(request: ReadRequest, fault: dict[str, Any]) -> str:
    message = str(fault.get("message", ""))
    if message == "'data'":
        return "there is no body; send a JSON object"
    if "Invalid enum value" not in message:
        return message
    choices = choices_of(request.route_handler, str(fault.get("key", "")))
    return f"{message}; allowed: {', '.join(choices)}" if choices else message


HANDLERS: dict[int | type[Exception], Any] = {
    EstimatesError: from_error,
    HTTPException: from_framework,
    Exception: from_unexpected,
}
