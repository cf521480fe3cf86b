"""Replies that are errors, as a store in process raises them."""

from __future__ import annotations

import json

import pytest

from estimates.client.plans import Reply
from estimates.client.problems import decoded, error_of
from estimates.errors import (
    ConflictError,
    CorruptError,
    EstimatesError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

_PROBLEM = {"content-type": "application/problem+json; charset=utf-8"}


def problem(status: int, code: str = "some_code", **more: object) -> Reply:
    """A problem of the service."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": "what; do"} | more
    return Reply(status, _PROBLEM, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidError),
        (401, RefusedError),
        (403, RefusedError),
        (404, NotFoundError),
        (409, ConflictError),
        (410, NotFoundError),
        (422, InvalidError),
        (429, UnavailableError),
        (500, CorruptError),
        (502, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_a_status_has_its_class(status: int, kind: type[EstimatesError]) -> None:
    """With code, message and details; what a problem has for itself is no detail."""
    error = error_of(problem(status, retry_after=3, title="t"))
    assert (type(error), error.code, error.message) == (kind, "some_code", "what; do")
    assert error.details == {"retry_after": 3}


def test_what_a_service_cannot_do_is_no_damage() -> None:
    """Permissions of its cache: nobody has to be called at night."""
    assert type(error_of(problem(500, "cache_refused"))) is RefusedError


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (
            Reply(502, {"content-type": "text/html"}, b"<h1>away</h1>"),
            UnavailableError,
            "bad_gateway",
        ),
        (Reply(429, {}, b""), UnavailableError, "bad_gateway"),
        (Reply(404, {"content-type": "text/html"}, b"nginx"), RefusedError, "not_the_service"),
        (Reply(404, _PROBLEM, b"{"), RefusedError, "not_the_service"),
        (Reply(404, _PROBLEM, b'{"code": 7, "detail": "x"}'), RefusedError, "not_the_service"),
    ],
)
def test_what_is_not_the_service(reply: Reply, kind: type[EstimatesError], code: str) -> None:
    """A gateway may be asked again; another server will not do better."""
    error = error_of(reply)
    assert (type(error), error.code, error.details) == (kind, code, {"status": reply.status})


def test_a_long_page_is_cut() -> None:
    """Its first words, on one line."""
    error = error_of(Reply(404, {}, b"a  b\n" * 1000))
    assert "'a b a b" in error.message
    assert len(error.message) < 250


def test_an_answer_of_something_else() -> None:
    """Status 200 alone does not make it the service."""
    assert decoded(Reply(200, {}, b"[1]"), list[int]) == [1]
    with pytest.raises(RefusedError):
        decoded(Reply(200, {"content-type": "text/html"}, b"<p>"), list[int])
