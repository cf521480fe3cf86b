"""The answers that a page is made of: asked of the service itself, in this process.

So a page cannot say anything else than `/v1` does: it has no other source.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from litestar import Litestar, Request
from litestar.types import Message

from estimates.client.urls import url
from estimates_api.http.representation import JSON
from estimates_api.http.request_path import raw_path
from estimates_api.serving.reports import PATIENCE

T = TypeVar("T")
_SCOPE = ("type", "asgi", "http_version", "scheme", "server", "client", "root_path", "extensions")
_READER = ("principal",)  # the answers are those that the reader of the page may see
# How long a page waits for what is computed, all of its answers together: then it is shown without.
PATIENCE_S = 0.8
_LEAST_S = 0.05  # what is kept is read in this time


class Answer(msgspec.Struct, frozen=True):
    """What the service answered."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_computed(self) -> bool:
        """Whether it will be there in a moment."""
        return self.status == 202

    def problem(self) -> dict[str, Any]:
        """The members of a problem; of any other answer those that people need."""
        if self.headers.get("content-type", "").startswith("application/problem+json"):
            return msgspec.json.decode(self.body)
        return {"title": "Unexpected answer", "code": "internal", "detail": self.url}


class NoAnswerError(Exception):
    """The service has another answer than a page can be made of: a problem, or 202."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.url)
        self.answer = answer


class Answers:
    """Asks what one page shows.

    patience_s  how long all of them together wait for what is computed
    urls    the questions that were answered; moment: what the first answer is about
    """

    def __init__(self, request: Request[Any, Any, Any], patience_s: float = PATIENCE_S) -> None:
        self._request = request
        self._until = time.monotonic() + patience_s
        self.urls: list[str] = []
        self.moment: str | None = None

    async def get(self, kind: type[T], path: str, /, **query: object) -> T:
        """The JSON answer of a path, its parameters that are not None in the query.

        Raises NoAnswerError for any answer but 200.
        """
        answer = await self.answer(path, query)
        if answer.status != 200:
            raise NoAnswerError(answer)
        return msgspec.json.decode(answer.body, type=kind)

    async def attempt(self, kind: type[T], path: str, /, **query: object) -> T | Answer:
        """The same; any answer but 200 as it is."""
        try:
            return await self.get(kind, path, **query)
        except NoAnswerError as error:
            return error.answer

    async def answer(self, path: str, query: Mapping[str, object], accept: str = JSON) -> Answer:
        """What the service answers, whatever it is."""
        address = url(path, query)
        outer = self._request.scope
        raw, _, text = address.partition("?")
        copied = {name: outer[name] for name in (*_SCOPE, *_READER) if name in outer}
        own: dict[str, Any] = {
            "method": "GET",
            "raw_path": raw.encode(),
            "path": raw,
            "query_string": text.encode(),
            "headers": [(b"accept", accept.encode())],
            "app": self._request.app,
            "litestar_app": self._request.app,
            PATIENCE: max(self._until - time.monotonic(), _LEAST_S),
        }
        scope: Any = {"state": dict[str, Any](), **copied, **own}
        scope["path"] = raw_path(scope)
        answer = await _collected(self._request.app.asgi_handler, scope, address)
        if answer.status in (200, 202):
            self.urls.append(address)
        self.moment = self.moment or answer.headers.get("estimates-as-of")
        return answer


async def call(app: Litestar, path: str, accept: str = "text/html") -> Answer:
    """What the application answers where there is no server, and nobody but this program asks."""
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 0),
        "root_path": "",
        "extensions": {},
        "state": dict[str, Any](),
        "method": "GET",
        "raw_path": path.encode(),
        "path": path,
        "query_string": b"",
        "headers": [(b"accept", accept.encode()), (b"host", b"127.0.0.1:8000")],
        "app": app,
        "litestar_app": app,
    }
    scope["path"] = raw_path(scope)
    return await _collected(app.asgi_handler, scope, path)


async def _collected(app: Any, scope: Any, url: str) -> Answer:
    started: dict[str, Any] = {}
    chunks: list[bytes] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, send)
    headers = {name.decode().lower(): value.decode() for name, value in started["headers"]}
    return Answer(url, started["status"], headers, b"".join(chunks))
