"""The Litestar app that stands before Redis, PostgreSQL and DuckDB: the read service's routes,
parameters, headers.

Runs in the peers' environment, knows nothing of `estimates`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Protocol
from urllib.parse import unquote

import msgspec
from litestar import Litestar, get, post
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ASGIApp, Receive, Scope, Send

Key = tuple[str, int]
_HEAD = (
    (b"content-type", b"application/json"),
    (b"estimates-version", b"1"),
    (b"estimates-shape", b"1"),
    (b"estimates-published-at", b"2026-11-20T00:00:00.000000Z"),
    (b"estimates-data-through", b"2026-11-20T00:00:00Z"),
    (b"estimates-as-of", b"2026-11-20T00:00:00.000000Z"),
    (b"cache-control", b"no-cache"),
)
_BEFORE = b'{"set":"bench","version":1,'

SetName = Annotated[str, PathParameter(name="set")]
KeyPath = Annotated[str, PathParameter(name="key")]
Text = Annotated[str | None, QueryParameter()]
Number = Annotated[int | None, QueryParameter()]


class Estimate(msgspec.Struct):
    """A row, for those that store columns."""

    name: str
    step: int
    value: float
    lower_80: float
    upper_80: float


class Batch(msgspec.Struct):
    """The body of a batch."""

    keys: list[Key]
    ref: str = "production"
    as_of: str | None = None
    shape: int | None = None
    fields: list[str] | None = None


class Rows(Protocol):
    """Where the rows are: each estimate is answered as JSON, None when there is none."""

    async def open(self) -> None: ...

    async def single(self, key: Key) -> bytes | None: ...

    async def many(self, keys: Sequence[Key]) -> list[bytes | None]: ...

    async def close(self) -> None: ...


class Sent:
    """A finished answer, the fastest that Litestar lets a handler return."""

    def __init__(self, body: bytes, *more: tuple[bytes, bytes]) -> None:
        self.body, self.more = body, more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = [*_HEAD, *self.more, (b"content-length", str(len(self.body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def create_app(rows: Rows) -> Litestar:
    """The app over one store of rows."""

    @get("/v1/sets/{set:str}/estimates/{key:path}")
    async def one_estimate(
        set_name: SetName,
        key: KeyPath,
        ref: Text = None,
        as_of: Text = None,
        shape: Number = None,
        fields: Text = None,
    ) -> ASGIApp:
        name, step = key[1:].split("/")
        answer = await rows.single((unquote(name), int(step)))
        if answer is None:
            raise NotFoundException
        tag = f'"1-{key}"'.encode()
        return Sent(b'%b"estimate":%b}' % (_BEFORE, answer), (b"etag", tag))

    @post("/v1/sets/{set:str}/estimates", status_code=200)
    async def batch(set_name: SetName, data: JSONBody[Batch]) -> ASGIApp:
        answer = await rows.many(data.keys)
        results = (
            b'{"status":"ok","estimate":%b}' % estimate
            if estimate is not None
            else b'{"status":"no_estimate","key":%b}' % msgspec.json.encode(key)
            for key, estimate in zip(data.keys, answer, strict=True)
        )
        return Sent(b'%b"results":[%b]}' % (_BEFORE, b",".join(results)))

    @get("/ready")
    async def ready() -> str:
        return "ready"

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await rows.open()
        yield
        await rows.close()

    return Litestar([one_estimate, batch, ready], lifespan=[lifespan], logging_config=None)
