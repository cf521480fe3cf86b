"""The path to route by: as it was sent."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

import pytest
from litestar import Litestar, get, post

from estimates_api.http.request_path import (
    MAX_URL_BYTES,
    allowed_at,
    raw_path,
    with_head,
    without_body,
)
from tests.builders import code_of


def scope(raw: str, path: str | None = None, query: bytes = b"") -> Any:
    """A request for a path, decoded as servers do it unless that is given."""
    decoded = unquote(raw) if path is None else path
    return {"path": decoded, "raw_path": raw.encode("latin-1"), "query_string": query}


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/v1/sets/s", "/v1/sets/s"),
        ("/v1/sets/s/estimates/BRK%2FB", "/v1/sets/s/estimates/BRK%2FB"),
        ("/a%2Fb/%7Ex%2d%41", "/a%2Fb/~x-A"),
        ("/%C3%86", "/%C3%86"),
    ],
)
def test_a_slash_stays_inside_its_segment(raw: str, path: str) -> None:
    """What may be encoded or not is one path; all else stays as it was sent."""
    assert raw_path(scope(raw)) == path


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("/a//b", "bad_path"),
        ("/a%", "bad_path"),
        ("/a%2", "bad_path"),
        ("/%zz", "bad_path"),
        ("/%FF", "bad_path"),
        ("/\xff", "bad_path"),
        ("/" + "a" * MAX_URL_BYTES, "url_too_long"),
    ],
)
def test_what_is_no_path(raw: str, code: str) -> None:
    """An empty segment, a % that stands for nothing, what is no UTF-8, too long a path."""
    assert code_of(lambda: raw_path(scope(raw))) == code


def test_a_long_query_counts() -> None:
    """Path and query together, up to the last byte."""
    raw_path(scope("/ab", query=b"q" * (MAX_URL_BYTES - 3)))
    assert code_of(lambda: raw_path(scope("/abc", query=b"q" * (MAX_URL_BYTES - 3)))) == (
        "url_too_long"
    )


@pytest.mark.parametrize(
    ("raw", "path", "below"),
    [
        ("/team/v1/a%2Fb", "/v1/a/b", "/v1/a%2Fb"),
        ("/team", "/", "/"),
        ("/team/v1/", "/v1", "/v1/"),
    ],
)
def test_below_a_mount(raw: str, path: str, below: str) -> None:
    """An app that has mounted this one takes its own part from the decoded path alone."""
    assert raw_path(scope(raw, path)) == below


def test_methods_of_a_path() -> None:
    """HEAD wherever there is GET; nothing where there is no route."""

    @get("/a", sync_to_thread=False)
    def read() -> None: ...

    @post("/a", sync_to_thread=False)
    def write() -> None: ...

    app = Litestar([read, write], openapi_config=None)
    assert allowed_at(app, "/a") == "GET, HEAD, OPTIONS, POST"
    assert allowed_at(app, "/b") == ""
    assert with_head("POST") == "POST"


def test_the_answer_to_head_has_no_body() -> None:
    """Its headers are those of the answer to GET."""
    left: list[Any] = []

    async def send(message: Any) -> None:
        left.append(message)

    async def answer() -> None:
        headers = [(b"content-length", b"3")]
        await without_body(send)({"type": "http.response.start", "status": 200, "headers": headers})
        await without_body(send)({"type": "http.response.body", "body": b"abc", "more_body": False})

    asyncio.run(answer())
    assert left[0]["headers"] == [(b"content-length", b"3")]
    assert left[1]["body"] == b""
