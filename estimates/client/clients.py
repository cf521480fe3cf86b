"""The two clients of a service over httpx: `Client` waits for answers, `AsyncClient` awaits them.

They have the same methods, and each is written once: as a plan, a generator that yields requests
and is sent the replies, as `httpx.Auth.auth_flow` is. `get = _method_of(reading_requests.get)`
means

    def get(self, *args, **options):
        return self._perform(reading_requests.get(self._requests, *args, **options))

where `_perform` sends what the plan yields: a function in `Client`, one to await in `AsyncClient`.
One connection pool a client; `Client` may be used from several threads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast, overload

import httpx

from estimates import instants
from estimates.client import (
    comparison_requests,
    reading_requests,
    remote_gate,
    remote_join,
    service_requests,
)
from estimates.client.plans import Computation, Pause, Plan, Reply, Request, Unreached
from estimates.client.service_requests import ServiceRequests
from estimates.client.set_requests import SetRequests, read_max_age
from estimates.client.urls import Time
from estimates.contract.contract import Contract
from estimates.errors import InvalidError, RefusedError
from estimates.redaction import redacted
from estimates.struct_types import make_ready

TIMEOUT_S = 30.0
SLOWEST_BYTES = 64 * 1024  # a second: a body may take `timeout_s`, and as long as that for its size
CONNECT_TIMEOUT_S = 3.0
PATIENCE_S = 15.0
# Nothing was answered, or not to its end, and the next attempt may find another connection or a
# started server.
_RETRIED = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout)

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
# Sends what a plan yields; gives its result, or what to await for it.
Perform = Callable[[Plan[Any]], Any]


class _Performer(Generic[R]):
    """What has requests, and a client that performs plans of them."""

    def __init__(self, requests: R, perform: Perform) -> None:
        self._requests = requests
        self._perform = perform


class _Sync:
    """Its methods wait for their results."""


class _Async:
    """The results of its methods are awaited."""


class _Method(Protocol[P, T_co]):
    """What a plan with these parameters is as a method."""

    @overload
    def __get__(self, instance: _Sync, owner: type | None = None, /) -> Callable[P, T_co]: ...
    @overload
    def __get__(
        self, instance: _Async, owner: type | None = None, /
    ) -> Callable[P, Coroutine[Any, Any, T_co]]: ...


def _method_of(plan: Callable[Concatenate[R, P], Plan[T]]) -> _Method[P, T]:
    """A plan as a method of what has its requests."""

    @wraps(plan)
    def method(self: _Performer[R], /, *args: P.args, **kwargs: P.kwargs) -> Any:
        return self._perform(plan(self._requests, *args, **kwargs))

    return cast("_Method[P, T]", method)


class _SetMethods(_Performer[SetRequests]):
    @property
    def name(self) -> str:
        """The name of the set."""
        return self._requests.name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    policy = _method_of(reading_requests.policy)
    versions = _method_of(reading_requests.versions)
    resolve = _method_of(reading_requests.resolve)
    state = _method_of(reading_requests.state)
    frame = _method_of(reading_requests.frame)
    contract_of = _method_of(reading_requests.contract_of)
    get = _method_of(reading_requests.get)
    get_many = _method_of(reading_requests.get_many)
    scan = _method_of(reading_requests.scan)
    history = _method_of(reading_requests.history)
    explain = _method_of(reading_requests.explain)
    rows = _method_of(reading_requests.rows)
    diff = _method_of(comparison_requests.diff)
    page = _method_of(comparison_requests.page)
    changes = _method_of(comparison_requests.changes)
    changes_page = _method_of(comparison_requests.changes_page)
    contract_of_changes = _method_of(comparison_requests.contract_of_changes)
    triangle = _method_of(comparison_requests.triangle)
    revisions = _method_of(comparison_requests.revisions)
    stability = _method_of(comparison_requests.stability)
    frozen = _method_of(comparison_requests.frozen)
    verdict = _method_of(reading_requests.verdict)
    accuracy = _method_of(comparison_requests.accuracy)
    as_of_join = _method_of(remote_join.as_of_join)
    judge_frame = _method_of(remote_gate.judge_frame)


class RemoteSet(_SetMethods, _Sync):
    """One set of a service, for reading: the methods, answers and errors of `EstimateSet`.

    Besides those, every method raises UnavailableError: `service` (cannot be reached),
    `bad_gateway` (something else answered), or the service's own code after its last 503.
    """

    @property
    def contract(self) -> Contract:
        """The newest contract."""
        return self._perform(reading_requests.contract(self._requests))


class AsyncRemoteSet(_SetMethods, _Async):
    """One set of a service, for reading: `RemoteSet` with methods to await."""

    # No property can be awaited by a call, hence a method.
    contract = _method_of(reading_requests.contract)


class Moment(Generic[S]):
    """All sets of a service at one moment: aliases and `latest` mean what they meant then."""

    def __init__(self, as_of: datetime, open_set: Callable[[str, datetime], S]) -> None:
        self.as_of = as_of
        self._open_set = open_set

    def __getitem__(self, name: str) -> S:
        """The set of that name at this moment."""
        return self._open_set(name, self.as_of)


class _ServiceMethods(_Performer[ServiceRequests], Generic[S]):
    _remote_set: Callable[[SetRequests, Perform], S]
    _http_client: type[httpx.Client | httpx.AsyncClient]
    _http: Any

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = PATIENCE_S,
        max_age: str | None = None,
    ) -> None:
        make_ready()  # a client may be shared by threads
        self.url = _service_url(url)
        headers = None if token is None else {"authorization": f"Bearer {_token(token)}"}
        oldest = None if max_age is None else read_max_age(max_age)
        timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S))
        self._http = self._http_client(base_url=self.url, timeout=timeout, headers=headers)
        super().__init__(
            ServiceRequests(self.url, patience_s, timeout_s, oldest), self._perform_plan
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({redacted(self.url)!r})"

    def __getitem__(self, name: str) -> S:
        """The set of that name; asks nothing yet, so that an unknown set is an error of the first
        question.
        """
        return self._set(name, None)

    def at(self, as_of: Time) -> Moment[S]:
        """All sets as of a moment; raises InvalidError (`bad_time`)."""
        moment = instants.instant_of(as_of)
        assert moment is not None
        return Moment(moment, self._set)

    sets = _method_of(service_requests.sets)
    events = _method_of(service_requests.events)
    head = _method_of(service_requests.head)
    usage = _method_of(service_requests.usage)

    def _perform_plan(self, plan: Plan[Any]) -> Any:
        raise NotImplementedError

    def _request(self, step: Request) -> httpx.Request:
        return self._http.build_request(
            step.method, step.url, headers=step.headers, content=step.body
        )

    def _set(self, name: str, as_of: datetime | None) -> S:
        return self._remote_set(SetRequests(self._requests, name, as_of), self._perform)


class Client(_ServiceMethods[RemoteSet], _Sync):
    """Reads from a service: `Client("http://127.0.0.1:8000")["sp500-close"].get("AAPL",
    "2026-11-24")`.

    token       who asks, where the service wants to know: it goes with every request
    timeout_s   for each of: sending a request, waiting for the next bytes of its answer, waiting
                for what the service computes; connecting takes at most 3 s
    patience_s  how long requests are tried again after a 503 or a lost connection; 0 tries once
    max_age     such as `2d`: an estimate by alias whose newest data are older is no answer but a
                StaleError (`stale`); versions by number and moments of the past are answered
    Raises InvalidError (`bad_url`, `bad_max_age`), RefusedError (`bad_token`).
    """

    _remote_set = RemoteSet
    _http_client = httpx.Client

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def pin(self) -> Moment[RemoteSet]:
        """All sets as of the newest event that the service knows now."""
        return self.at(self._perform(service_requests.present_moment(self._requests)))

    def _perform_plan(self, plan: Plan[T]) -> T:
        outcome: Any = None
        while True:
            try:
                step = plan.send(outcome)
            except StopIteration as end:
                return end.value
            if isinstance(step, Pause):
                outcome = time.sleep(step.seconds)
            elif isinstance(step, Computation):
                outcome = step.function()
            else:
                try:
                    outcome = self._received(self._request(step))
                except httpx.RequestError as error:
                    outcome = _unreached(error)

    def _received(self, request: httpx.Request) -> Reply:
        body = _Body(request, self._requests.timeout_s)
        response = self._http.send(request, stream=True)
        try:
            for chunk in response.iter_bytes():
                body.add(chunk)
        finally:
            response.close()
        return body.of(response)


class AsyncClient(_ServiceMethods[AsyncRemoteSet], _Async):
    """Reads from a service: `await AsyncClient("http://127.0.0.1:8000")["sp500-close"].get("AAPL",
    "2026-11-24")`.

    The arguments, methods and errors are those of `Client`.
    """

    _remote_set = AsyncRemoteSet
    _http_client = httpx.AsyncClient

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def pin(self) -> Moment[AsyncRemoteSet]:
        """All sets as of the newest event that the service knows now."""
        return self.at(await self._perform(service_requests.present_moment(self._requests)))

    async def _perform_plan(self, plan: Plan[T]) -> T:
        outcome: Any = None
        while True:
            try:
                step = plan.send(outcome)
            except StopIteration as end:
                return end.value
            if isinstance(step, Pause):
                outcome = await asyncio.sleep(step.seconds)
            elif isinstance(step, Computation):
                outcome = await asyncio.to_thread(step.function)
            else:
                try:
                    outcome = await self._received(self._request(step))
                except httpx.RequestError as error:
                    outcome = _unreached(error)

    async def _received(self, request: httpx.Request) -> Reply:
        body = _Body(request, self._requests.timeout_s)
        response = await self._http.send(request, stream=True)
        try:
            async for chunk in response.aiter_bytes():
                body.add(chunk)
        finally:
            await response.aclose()
        return body.of(response)


class _Body:
    """The body of an answer as it comes: silence has a limit of its own, a byte now and then must
    not last for hours.
    """

    def __init__(self, request: httpx.Request, timeout_s: float) -> None:
        self._request = request
        self._until = time.monotonic() + timeout_s
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        """A piece that came; raises httpx.ReadTimeout where all of them took too long."""
        self._chunks.append(chunk)
        self._until += len(chunk) / SLOWEST_BYTES
        if time.monotonic() > self._until:
            raise httpx.ReadTimeout("the answer comes too slowly", request=self._request)

    def of(self, response: httpx.Response) -> Reply:
        """The whole reply."""
        return Reply(response.status_code, dict(response.headers), b"".join(self._chunks))


def _token(token: str) -> str:
    """A token that can stand in a header, as read from a file; raises RefusedError (`bad_token`),
    which does not show it: errors of what sends a header do.
    """
    token = token.strip()
    if not token or not (token.isascii() and token.isprintable()) or " " in token:
        raise RefusedError(
            "bad_token",
            "the token is empty, or has characters that no token has",
            remedy="give the secret that `estimates token create` printed",
        )
    return token


def _service_url(url: str) -> str:
    """The URL of a service, without a slash at its end; raises InvalidError (`bad_url`)."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidError(
            "bad_url",
            f"{url!r} is not a URL: {error}",
            remedy="write one such as http://127.0.0.1:8000",
        ) from None
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise InvalidError(
            "bad_url", f"{url!r} is not the URL of a service", remedy="write http://127.0.0.1:8000"
        )
    return url.rstrip("/")


def _unreached(error: httpx.RequestError) -> Unreached:
    """Why no reply came."""
    # of TLS all that comes through is the text: what the certificate lacks stands behind this
    _, untrusted, why = str(error).partition(
        "CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
    )
    if untrusted:
        return Unreached(f"its certificate does not count: {why}", retry=False, untrusted=True)
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Unreached(reason, retry=isinstance(error, _RETRIED))
