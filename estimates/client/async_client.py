"""The client for asyncio: the same methods, awaited.

Methods are plans that this module carries out; what they ask is in the modules of requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

import httpx

from estimates import instants
from estimates.client import (
    comparison_requests,
    connection,
    reading_requests,
    remote_gate,
    remote_join,
    service_requests,
)
from estimates.client.moment import Moment
from estimates.client.plans import Computation, Method, Pause, Plan, Reply, Request, Unreached
from estimates.client.service_requests import ServiceRequests
from estimates.client.set_requests import SetRequests
from estimates.client.urls import Time

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class _Awaiting(Generic[R]):
    """What has requests, and awaits what comes of a plan."""

    def __init__(self, requests: R, run: Callable[[Plan[Any]], Coroutine[Any, Any, Any]]) -> None:
        self._requests = requests
        self._run = run


def _awaits(plan: Callable[Concatenate[R, P], Plan[T]]) -> Method[P, Coroutine[Any, Any, T]]:
    """A plan as a method whose result is awaited."""

    @wraps(plan)
    async def method(self: _Awaiting[R], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(plan(self._requests, *args, **kwargs))

    return cast("Method[P, Coroutine[Any, Any, T]]", method)


class AsyncRemoteSet(_Awaiting[SetRequests]):
    """One set of a service, for reading: `RemoteSet` with methods to await."""

    @property
    def name(self) -> str:
        """The name of the set."""
        return self._requests.name

    def __repr__(self) -> str:
        return f"AsyncRemoteSet({self.name!r})"

    contract = _awaits(reading_requests.contract)
    policy = _awaits(reading_requests.policy)
    versions = _awaits(reading_requests.versions)
    resolve = _awaits(reading_requests.resolve)
    state = _awaits(reading_requests.state)
    contract_of = _awaits(reading_requests.contract_of)
    get = _awaits(reading_requests.get)
    get_many = _awaits(reading_requests.get_many)
    scan = _awaits(reading_requests.scan)
    history = _awaits(reading_requests.history)
    explain = _awaits(reading_requests.explain)
    diff = _awaits(comparison_requests.diff)
    page = _awaits(comparison_requests.page)
    changes = _awaits(comparison_requests.changes)
    changes_page = _awaits(comparison_requests.changes_page)
    contract_of_changes = _awaits(comparison_requests.contract_of_changes)
    triangle = _awaits(comparison_requests.triangle)
    revisions = _awaits(comparison_requests.revisions)
    stability = _awaits(comparison_requests.stability)
    accuracy = _awaits(comparison_requests.accuracy)
    as_of_join = _awaits(remote_join.as_of_join)
    judge_frame = _awaits(remote_gate.judge_frame)


class AsyncClient(_Awaiting[ServiceRequests]):
    """Reads from a service: `await AsyncClient("http://127.0.0.1:8000")["sp500-close"].get("AAPL",
    "2026-11-24")`.

    The arguments, methods and errors are those of `Client`.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = connection.TIMEOUT_S,
        patience_s: float = connection.PATIENCE_S,
    ) -> None:
        self.url = connection.service_url(url)
        self._http = httpx.AsyncClient(base_url=self.url, timeout=connection.timeout(timeout_s))
        super().__init__(ServiceRequests(self.url, patience_s, timeout_s), self._carry_out)

    def __repr__(self) -> str:
        return f"AsyncClient({self.url!r})"

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def __getitem__(self, name: str) -> AsyncRemoteSet:
        """The set of that name; asks nothing yet, so that an unknown set is an error of the first
        question.
        """
        return self._set(name, None)

    def at(self, as_of: Time) -> Moment[AsyncRemoteSet]:
        """All sets as of a moment; raises InvalidError (`bad_time`)."""
        moment = instants.instant_of(as_of)
        assert moment is not None
        return Moment(moment, self._set)

    async def pin(self) -> Moment[AsyncRemoteSet]:
        """All sets as of the newest event that the service knows now."""
        return Moment(await self._run(service_requests.present_moment(self._requests)), self._set)

    sets = _awaits(service_requests.sets)
    events = _awaits(service_requests.events)

    def _set(self, name: str, as_of: datetime | None) -> AsyncRemoteSet:
        return AsyncRemoteSet(SetRequests(self._requests, name, as_of), self._run)

    async def _carry_out(self, plan: Plan[T]) -> T:
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
                outcome = await self._send(step)

    async def _send(self, request: Request) -> Reply | Unreached:
        try:
            return connection.reply(await self._http.request(**connection.arguments(request)))
        except httpx.RequestError as error:
            return connection.unreached(error)
