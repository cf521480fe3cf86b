"""The application: `create_app`, also the factory that granian is given."""

from __future__ import annotations

import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide

from estimates import InvalidError, Store
from estimates.settings import Settings
from estimates_api.fast_path import fast_batch, fast_get
from estimates_api.http.event_stream import Streams
from estimates_api.http.parameters import refuse_unknown
from estimates_api.http.problems import HANDLERS, from_error
from estimates_api.http.routing import raw_path, without_body
from estimates_api.routes import (
    accuracy,
    data,
    diff,
    documentation,
    estimates,
    events,
    explanation,
    health,
    history,
    metrics,
    sets,
    stability,
    triangle,
    versions,
)
from estimates_api.routes.metrics import own_tally, requests
from estimates_api.serving.follower import Follower
from estimates_api.serving.reports import Reports
from estimates_api.serving.worker_metrics import Tallies

MAX_BODY_BYTES = 32 * 1024 * 1024
_YOUNG = 20_000  # objects that come before the garbage collector looks
RESOURCES = (
    sets,
    versions,
    data,
    estimates,
    history,
    explanation,
    diff,
    stability,
    triangle,
    accuracy,
    events,
    health,
    metrics,
    documentation,
)


class ReadService(Litestar):
    """Litestar that routes by the raw path, answers HEAD wherever it answers GET, and counts its
    answers.
    """

    follower: Follower

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI entry point."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        started = perf_counter()
        if scope["method"] == "POST":
            answer, receive = await fast_batch(self.follower, scope, receive)
        else:
            answer = fast_get(self.follower, scope)
        if answer is None:
            await self._route(scope, receive, send, started)
            return
        try:
            await answer(scope, receive, send)
        finally:
            requests.observe(
                scope["path_template"], scope["method"], answer.status, perf_counter() - started
            )

    async def _route(self, scope: Any, receive: Any, send: Any, started: float) -> None:
        """The way of all requests but the plainest."""
        method, status = scope["method"], 0
        wanted = send if method != "HEAD" else without_body(send)

        async def counted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await wanted(message)

        if method == "HEAD":
            scope = scope | {"method": "GET", "head": True}
        try:
            scope["path"] = raw_path(scope)
            await super().__call__(scope, receive, counted)
        except InvalidError as error:
            await self._refuse(error, scope, receive, counted)
        finally:
            requests.observe(
                scope.get("path_template", ""), method, status, perf_counter() - started
            )

    async def _refuse(self, error: InvalidError, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request that has no path to route by."""
        request: Request[Any, Any, Any] = Request(
            scope | {"app": self, "litestar_app": self, "state": {}}, receive, send
        )
        await from_error(request, error).to_asgi_response(app=None, request=request)(
            scope, receive, send
        )


def create_app(store: Store | None = None) -> Litestar:
    """The read service over a store; without one, over the store that the ESTIMATES_* variables
    name.

    Raises what `Store` raises when there is no store or its catalog cannot be reached.
    """
    follower, streams = Follower(store or _configured_store()), Streams()
    reports = Reports(follower.store)
    tallies = Tallies(follower.store.read_files.folder, lambda: own_tally(follower, streams))
    app = ReadService(
        [route for resource in RESOURCES for route in resource.ROUTES],
        dependencies={
            "follower": Provide(lambda: follower, sync_to_thread=False),
            "reports": Provide(lambda: reports, sync_to_thread=False),
            "streams": Provide(lambda: streams, sync_to_thread=False),
            "tallies": Provide(lambda: tallies, sync_to_thread=False),
        },
        exception_handlers=HANDLERS,
        before_request=refuse_unknown,
        lifespan=[settled, follower.lifespan, reports.lifespan, streams.lifespan, tallies.lifespan],
        state=State({"follower": follower}),
        logging_config=None,
        openapi_config=documentation.openapi(),
        request_max_body_size=MAX_BODY_BYTES,
    )
    app.follower = follower
    return app


@asynccontextmanager
async def settled(_app: Litestar) -> AsyncGenerator[None, None]:
    """What was imported stays for good: the garbage collector need not look through it again and
    again.

    Nor need it look for garbage several times in each batch: requests leave hardly any that
    reference counts miss.
    """
    gc.collect()
    gc.freeze()
    usual = gc.get_threshold()
    gc.set_threshold(_YOUNG, *usual[1:])
    yield
    gc.set_threshold(*usual)
    gc.unfreeze()  # what is never collected would be told of as a leak


def _configured_store() -> Store:
    settings = Settings.from_environment()
    return Store(
        settings.store, catalog=settings.catalog, cache=settings.cache, actor=settings.actor
    )
