"""The clients against a server that fails on demand: the retry rule, Retry-After, problems, answers
of others.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from estimates.client import AsyncClient, Client
from estimates.errors import (
    ConflictError,
    CorruptError,
    EstimatesError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from estimates.reading.answer import Answer
from tests.client.stub import BODY, HEAD, Scripted, problem, stub
from tests.client.unwaited import unwaited_pauses
from tests.ports import free_port

pytestmark = pytest.mark.slow

HTML = b"<html><h1>502 Bad Gateway</h1><hr>nginx</html>"
CLOSED = Scripted(0)
BUSY = problem(503, "catalog")

Ask = Callable[..., Answer]


def sync_ask(url: str, **settings: Any) -> Answer:
    """One estimate, by the client that waits."""
    with Client(url, **settings) as client:
        return client["s"].get("a")


def async_ask(url: str, **settings: Any) -> Answer:
    """One estimate, by the client that is awaited."""

    async def ask() -> Answer:
        async with AsyncClient(url, **settings) as client:
            return await client["s"].get("a")

    return asyncio.run(ask())


@pytest.fixture(params=[sync_ask, async_ask])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Both clients."""
    return request.param


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which nobody waits for."""
    return unwaited_pauses(monkeypatch)


@pytest.mark.parametrize("failure", [BUSY, CLOSED, Scripted(503, HTML, "text/html", {})])
def test_what_passes_is_tried_again(ask: Ask, pauses: list[float], failure: Scripted) -> None:
    """Two 503s or lost connections and then an answer are an answer, with a longer pause before
    each attempt.
    """
    with stub(failure, failure, Scripted(200)) as server:
        assert ask(server.url).json == BODY
        assert len(server.requests) == 3
    first, second = pauses
    assert 0.05 <= first <= 0.1 <= second <= 0.2


def test_attempts_are_bounded(ask: Ask, pauses: list[float]) -> None:
    """A service that stays unavailable is asked six times; then its own problem is raised."""
    with stub(BUSY) as server:
        with pytest.raises(UnavailableError) as raised:
            ask(server.url)
        assert (raised.value.code, raised.value.message) == ("catalog", "what to do")
        assert (len(server.requests), len(pauses)) == (6, 5)


def test_patience_is_bounded(ask: Ask, pauses: list[float]) -> None:
    """No attempt is begun after the patience has run out; none at all after the first with none."""
    with stub(BUSY) as server:
        with pytest.raises(UnavailableError):
            ask(server.url, patience_s=0.5)
        assert len(server.requests) in (3, 4)
        assert sum(pauses) <= 0.5
        server.requests.clear()
        with pytest.raises(UnavailableError):
            ask(server.url, patience_s=0)
        assert len(server.requests) == 1


def test_a_pause_is_waited_for(ask: Ask) -> None:
    """As long as Retry-After says, at least."""
    with stub(problem(503, "catalog", {"retry-after": "1"}), Scripted(200)) as server:
        assert ask(server.url).json == BODY
        assert server.pauses_s[0] >= 1.0


def test_retry_after_says_how_long(ask: Ask, pauses: list[float]) -> None:
    """A number of seconds or a date; one beyond our patience is not waited for."""
    with stub(problem(503, "catalog", {"retry-after": "1"}), Scripted(200)) as server:
        assert ask(server.url).json == BODY
        assert 1.05 <= pauses[0] <= 1.1
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=12), usegmt=True)
    with stub(problem(503, "catalog", {"retry-after": date}), Scripted(200)) as server:
        assert ask(server.url).json == BODY
        assert 0.2 < pauses[1] <= 12.1
    with stub(problem(503, "catalog", {"retry-after": "3600"})) as server:
        with pytest.raises(UnavailableError):
            ask(server.url)
        assert len(server.requests) == 1
    with stub(problem(503, "catalog", {"retry-after": "soon"}), Scripted(200)) as server:
        assert ask(server.url).json == BODY
        assert pauses[2] <= 0.1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "bad_time", InvalidError),
        (422, "too_many_keys", InvalidError),
        (413, "body_too_large", InvalidError),
        (404, "removed", NotFoundError),
        (410, "expired", NotFoundError),
        (409, "other_shape", ConflictError),
        (500, "lookup_damaged", CorruptError),
        (500, "internal", CorruptError),
    ],
)
def test_problems_are_exceptions(
    ask: Ask, status: int, code: str, kind: type[EstimatesError]
) -> None:
    """Each problem is the exception that is raised in process, with its members as details; asked
    once.
    """
    with stub(problem(status, code, last_version=3)) as server:
        with pytest.raises(kind) as raised:
            ask(server.url)
        assert (raised.value.code, raised.value.message) == (code, "what to do")
        assert raised.value.details == {"last_version": 3}
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "foreign",
    [
        Scripted(502, HTML, "text/html", {}),
        Scripted(404, HTML, "text/html", {}),
        Scripted(200, HTML, "text/html", {}),
        Scripted(200, b'{"hello":"world"}', headers={}),
        Scripted(200, headers=HEAD | {"estimates-version": "many"}),
        Scripted(301, b"", "text/plain", {"location": "https://elsewhere"}),
        Scripted(304, b"", headers=HEAD),
        Scripted(404, b"{", "application/problem+json", {}),
        Scripted(404, b'{"title":"Not Found"}', "application/problem+json", {}),
        Scripted(500, b"", "application/json", {}),
    ],
)
def test_what_is_not_the_service_is_no_answer(ask: Ask, foreign: Scripted) -> None:
    """Pages of proxies and other servers, with whatever status, are an error that says so, at
    once.
    """
    with stub(foreign) as server:
        passes = foreign.status in (429, 500, 502)
        kind = UnavailableError if passes else RefusedError
        with pytest.raises(kind, match=f"status {foreign.status}") as raised:
            ask(server.url)
        assert raised.value.code == ("bad_gateway" if passes else "not_the_service")
        assert len(server.requests) == 1


def test_nobody_listens(ask: Ask, pauses: list[float]) -> None:
    """A refused connection is tried again, then it is an error that names the service."""
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UnavailableError, match=url) as raised:
        ask(url, patience_s=0.5)
    assert raised.value.code == "service"
    assert 0.1 < sum(pauses) <= 0.5


def test_silence_is_not_waited_for_twice(ask: Ask) -> None:
    """A server that accepts and says nothing costs one timeout: it is not asked again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(UnavailableError, match="ReadTimeout") as raised:
            ask(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=1.0)
        assert raised.value.code == "service"
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8000", "ftp://x", "http://", "", "http://x/?q=1", "http://x:y"]
)
def test_a_url_that_is_none(url: str) -> None:
    """What cannot be a service's URL is refused before anything is asked."""
    for client in (Client, AsyncClient):
        with pytest.raises(InvalidError) as raised:
            client(url)
        assert raised.value.code == "bad_url"


def test_a_service_below_a_path() -> None:
    """A proxy may have the service under a path of its own."""
    with stub(Scripted(200)) as server:
        assert sync_ask(f"{server.url}/team/estimates/").json == BODY
        assert server.requests[0][1] == "GET /team/estimates/v1/sets/s/estimates/a?ref=production"
