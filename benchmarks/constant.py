"""What the read service is compared with: a Litestar handler that returns a constant, and an app of
constant bytes.

Both send the headers of the service, count their answers and spare the garbage collector as it
does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import msgspec
from litestar import Litestar, get
from litestar.datastructures import ResponseHeader

from estimates_api.app import tuned_collector
from estimates_api.http.parameters import AsOf, Fields, KeyPath, QueryRef, SetName, ShapeNumber
from estimates_api.serving.request_counts import request_counts

HEADERS = {
    "estimates-version": "1",
    "estimates-shape": "1",
    "estimates-published-at": "2026-11-20T21:00:00.000000Z",
    "estimates-data-through": "2026-11-20T21:00:00Z",
    "estimates-as-of": "2026-11-20T21:00:00.000000Z",
    "cache-control": "no-cache",
    "vary": "accept",
    "x-content-type-options": "nosniff",
    "etag": '"0123456789abcdef0123456789abcdef-0123456789abcdef0123456789abcdef"',
}
App = Callable[[Any, Any, Any], Awaitable[None]]


class Row(msgspec.Struct):
    """An estimate."""

    name: str
    step: int
    value: float
    lower_80: float
    upper_80: float


class One(msgspec.Struct):
    """The answer to a lookup."""

    set: str
    version: int
    estimate: Row


ANSWER = One(
    "bench", 1, Row("K00000001", 3, 17.066031945748225, 15.359428751173404, 18.77263514032305)
)


def counted(app: App) -> App:
    """The app, its answers counted as the service counts its own."""

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started, status = perf_counter(), 0

        async def counted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await app(scope, receive, counted)
        request_counts.observe(
            scope.get("path_template", ""), scope["method"], status, perf_counter() - started
        )

    return counting


def litestar_app() -> App:
    """A documented Litestar handler with the path and query parameters of a lookup, which returns a
    constant Struct.
    """

    @get(
        "/v1/sets/{set:str}/estimates/{key:path}",
        sync_to_thread=False,
        response_headers=[
            ResponseHeader(name=name, value=value) for name, value in HEADERS.items()
        ],
    )
    def constant(
        set_name: SetName,
        key: KeyPath,
        ref: QueryRef = "production",
        as_of: AsOf = None,
        shape: ShapeNumber = None,
        fields: Fields = None,
    ) -> One:
        """A constant."""
        return ANSWER

    return counted(Litestar([constant], logging_config=None, lifespan=[tuned_collector]))


def bare_app() -> App:
    """An ASGI app that sends constant bytes."""
    body = msgspec.json.encode(ANSWER)
    head = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    head += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return counted(app)
