"""The application: `create_app`, also the factory that granian is given."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from time import perf_counter
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler

from estimates import InvalidError, Store
from estimates.access.access_rules import AccessRules, access_rules
from estimates.errors import EstimatesError
from estimates.settings import Settings
from estimates.storage.usage_record import UsageRecord
from estimates_api import routes
from estimates_api.access.admission import Admission, sign_in_instead
from estimates_api.access.route_access import check_route
from estimates_api.desk import pages
from estimates_api.desk.desk_page import lost_page
from estimates_api.fast_path import fast_batch, fast_get
from estimates_api.http.batch_size import refuse_too_many_keys
from estimates_api.http.event_stream import Streams
from estimates_api.http.problems import HANDLERS, from_error, status_of
from estimates_api.http.representation import Representation, TaggedJson, header
from estimates_api.http.request_bodies import MAX_BYTES, RequestBodies, whole
from estimates_api.http.request_path import allowed_at, raw_path, send_allowed, without_body
from estimates_api.http.route import openapi
from estimates_api.http.url_text import ReadRequest, refuse_unknown
from estimates_api.serving.follower import Follower
from estimates_api.serving.reports import Reports
from estimates_api.serving.request_counts import request_counts
from estimates_api.serving.service_log import (
    ACCESS,
    REQUEST_ID,
    given_id,
    log_access,
    new_id,
)
from estimates_api.serving.telemetry import Observe, configured
from estimates_api.serving.turns import LONG_BYTES, Turns
from estimates_api.serving.usage_counts import UsageCounts
from estimates_api.serving.worker_metrics import SharedMetrics, WorkerMetrics

_YOUNG_OBJECTS = 20_000  # before the garbage collector looks
_FROZEN_OBJECTS = gc.get_freeze_count()  # Python's own: 375 of 3.12
ROUTES: list[ControllerRouterHandler] = [
    route
    for package in (routes, pages)
    for module in iter_modules(package.__path__)
    for route in import_module(f"{package.__name__}.{module.name}").ROUTES
]


Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


class ReadService(Litestar):
    """Litestar that routes by the raw path, answers HEAD for every GET, and counts its answers."""

    follower: Follower
    bodies: RequestBodies
    turns: Turns
    admission: Admission | None
    logs_access = False
    telemetry: Observe | None = None
    usage: UsageCounts | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI entry point."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        started = perf_counter()
        if self.admission is not None:
            try:
                send = self.admission.admit(scope, send)
            except EstimatesError as error:
                await self._refuse(error, scope, receive, send)
                self._count(scope, scope["method"], status_of(error), started)
                return
        if scope["method"] == "POST":
            await self._post(scope, receive, send, started)
            return
        answer = fast_get(self.follower, scope)
        if answer is None:
            await self._route(scope, receive, send, started)
        else:  # as `_send`, without a coroutine more
            _identify(answer, scope)
            try:
                await answer(scope, receive, send)
            finally:
                self._count(scope, "GET", answer.status, started)

    async def _post(self, scope: Any, receive: Any, send: Any, started: float) -> None:
        """Answer a request with a body, which is received before anything is done with it."""
        try:
            async with self.bodies.received(scope, receive) as body:
                if len(body) < LONG_BYTES:
                    answer = fast_batch(self.follower, scope, body)
                else:
                    async with self.turns.turn():
                        refuse_too_many_keys(body)
                        answer = fast_batch(self.follower, scope, body)
                if answer is None:
                    await self._route(scope, whole(body, receive), send, started)
                else:
                    await self._send(answer, scope, receive, send, started)
        except EstimatesError as error:
            await self._refuse(error, scope, receive, send)
            self._count(scope, "POST", status_of(error), started)

    async def _send(
        self,
        answer: Representation | TaggedJson,
        scope: Any,
        receive: Any,
        send: Any,
        started: float,
    ) -> None:
        """Send an answer of the fast path."""
        _identify(answer, scope)
        try:
            await answer(scope, receive, send)
        finally:
            self._count(scope, scope["method"], answer.status, started)

    def _count(self, scope: Any, method: str, status: int, started: float) -> None:
        """Count an answer, and log it where that is asked for."""
        seconds = perf_counter() - started
        route = scope.get("path_template", "")
        request_counts.observe(route, method, status, seconds)
        if self.usage is not None:
            self.usage.observe(scope, route, status)
        if self.logs_access:
            log_access(scope.get("request_id", ""), method, route, status, seconds)
        if self.telemetry is not None:
            self.telemetry(method, route, status, seconds, scope["headers"])

    async def _route(self, scope: Any, receive: Any, send: Any, started: float) -> None:
        """The way of all requests that the fast path does not answer."""
        method = scope["method"]
        status = 0
        is_given = bool(name := given_id(scope))
        scope["request_id"] = name or new_id()
        REQUEST_ID.set(scope["request_id"])  # of this request's task alone
        id_header = (b"x-request-id", scope["request_id"].encode())
        send_all = send if method != "HEAD" else without_body(send)

        async def counted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if is_given or status >= 400:  # what people ask the operator about
                    message["headers"] = [*message.get("headers", ()), id_header]
            await send_all(message)

        if method == "HEAD":
            scope = scope | {"method": "GET", "head": True}
        try:
            scope["path"] = raw_path(scope)
            allowed = "" if method != "OPTIONS" else self._allowed(scope)
            if allowed:
                await send_allowed(allowed, counted)
            else:
                await super().__call__(scope, receive, counted)
        except InvalidError as error:
            await self._refuse(error, scope, receive, counted)
        finally:
            self._count(scope, method, status, started)

    def _allowed(self, scope: Any) -> str:
        """What OPTIONS is answered with; nothing where the framework answers: no route, or a page
        of another origin that asks what it may.
        """
        preflight = self.cors_config is not None and header(scope, b"origin")
        return "" if preflight else allowed_at(self, scope["path"])

    async def _refuse(self, error: EstimatesError, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request that is not let in, or has no path to route by."""
        request = ReadRequest(
            scope | {"app": self, "litestar_app": self, "state": {}}, receive, send
        )
        response = sign_in_instead(request, error) or from_error(request, error)
        await response.to_asgi_response(app=None, request=request)(scope, receive, send)


def _identify(answer: Representation | TaggedJson, scope: Any) -> None:
    """Give an answer the id of its request, where that has one."""
    scope["request_id"] = name = given_id(scope)
    if name:
        answer.identify(name)


def create_app(
    store: Store | None = None,
    rules: AccessRules | None = None,
    *,
    lifespan: Sequence[Lifespan] = (),
) -> ReadService:
    """The read service over a store, by default the one that the ESTIMATES_* variables name.

    rules     who may read; by default those of ESTIMATES_ACCESS
    lifespan  what else runs while the app does, begun after everything of its own
    Raises InvalidError (`bad_access`), and what `Store` raises when there is no store or its
    catalog cannot be reached.
    """
    settings = Settings.from_environment()
    follower = Follower(store or _configured_store(settings))
    rules = access_rules(settings.access) if rules is None else rules
    admission = None if rules.plain else Admission(rules, follower)
    usage = _usage_counts(rules, follower.store)
    streams = Streams()
    reports = Reports(follower.store)
    shared = SharedMetrics(
        follower.store.read_files.folder, partial(_worker_metrics, follower, streams)
    )
    telemetry = configured()
    app = ReadService(
        ROUTES,
        dependencies={
            "follower": Provide(lambda: follower, sync_to_thread=False),
            "reports": Provide(lambda: reports, sync_to_thread=False),
            "streams": Provide(lambda: streams, sync_to_thread=False),
            "shared": Provide(lambda: shared, sync_to_thread=False),
        },
        exception_handlers=HANDLERS | {HTTPException: lost_page},
        before_request=refuse_unknown,
        guards=[check_route],
        cors_config=None if admission is None else admission.cors,
        lifespan=[
            tuned_collector,
            follower.lifespan,
            reports.lifespan,
            streams.lifespan,
            shared.lifespan,
            *([] if admission is None else admission.lifespans),
            *([] if usage is None else [usage.lifespan]),
            *([] if telemetry is None else [telemetry.lifespan]),
            *lifespan,
        ],
        state=State({"follower": follower, "admission": admission, "usage": usage, "rules": rules}),
        logging_config=None,
        openapi_config=openapi(),
        request_max_body_size=MAX_BYTES,
    )
    app.follower = follower
    app.admission = admission
    app.usage = usage
    app.bodies = RequestBodies()
    app.turns = Turns()
    app.telemetry = None if telemetry is None else telemetry.observe
    app.logs_access = logging.getLogger(ACCESS).isEnabledFor(logging.INFO)
    return app


@asynccontextmanager
async def tuned_collector(_app: Litestar) -> AsyncGenerator[None, None]:
    """While the app runs the garbage collector skips what was imported, and looks less often.

    Requests leave hardly any garbage that reference counts miss. Whoever mounts the app and has
    frozen objects has tuned the collector as they like it: theirs stay frozen.
    """
    if gc.get_freeze_count() > _FROZEN_OBJECTS:
        yield
        return
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG_OBJECTS, *before[1:])
    yield
    gc.set_threshold(*before)
    gc.unfreeze()  # what is never collected would be reported as a leak


def _usage_counts(rules: AccessRules, store: Store) -> UsageCounts | None:
    if rules.usage is None:
        return None
    return UsageCounts(UsageRecord(store.cache, rules.usage.days))


def _worker_metrics(follower: Follower, streams: Streams) -> WorkerMetrics:
    view = follower.known
    return WorkerMetrics(
        requests=[(*labels, list(row)) for labels, row in list(request_counts.rows.items())],
        streams=streams.count,
        read_files=follower.store.read_files.count,
        errors=follower.errors,
        read_at=None if follower.read_at is None else follower.read_at.timestamp(),
        last_event=None if view is None else view.last_event,
        faults=list(follower.targets.faults.values()),
    )


def try_store() -> None:
    """Open the store that the variables name, and close it; raises what `Store` raises."""
    _configured_store(Settings.from_environment()).catalog.engine.dispose()


def _configured_store(settings: Settings) -> Store:
    return Store(
        settings.store, catalog=settings.catalog, cache=settings.cache, root_key=settings.root_key
    )
