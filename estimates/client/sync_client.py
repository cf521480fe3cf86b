"""The client for code that waits: one connection pool, usable from several threads.

Methods are plans that this module carries out; what they ask is in the modules of requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable
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
from estimates.contract.contract import Contract

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class _Waiting(Generic[R]):
    """What has requests, and waits for what comes of a plan."""

    def __init__(self, requests: R, run: Callable[[Plan[Any]], Any]) -> None:
        self._requests = requests
        self._run = run


def _waits(plan: Callable[Concatenate[R, P], Plan[T]]) -> Method[P, T]:
    """A plan as a method that waits for its result."""

    @wraps(plan)
    def method(self: _Waiting[R], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run(plan(self._requests, *args, **kwargs))

    return cast("Method[P, T]", method)


class RemoteSet(_Waiting[SetRequests]):
    """One set of a service, for reading: the methods, answers and errors of `EstimateSet`.

    Besides those, every method raises UnavailableError: `service` (cannot be reached),
    `bad_gateway` (something else answered), or the service's own code after its last 503.
    """

    @property
    def name(self) -> str:
        """The name of the set."""
        return self._requests.name

    @property
    def contract(self) -> Contract:
        """The newest contract."""
        return self._run(reading_requests.contract(self._requests))

    def __repr__(self) -> str:
        return f"RemoteSet({self.name!r})"

    policy = _waits(reading_requests.policy)
    versions = _waits(reading_requests.versions)
    resolve = _waits(reading_requests.resolve)
    state = _waits(reading_requests.state)
    contract_of = _waits(reading_requests.contract_of)
    get = _waits(reading_requests.get)
    get_many = _waits(reading_requests.get_many)
    scan = _waits(reading_requests.scan)
    history = _waits(reading_requests.history)
    explain = _waits(reading_requests.explain)
    diff = _waits(comparison_requests.diff)
    page = _waits(comparison_requests.page)
    changes = _waits(comparison_requests.changes)
    changes_page = _waits(comparison_requests.changes_page)
    contract_of_changes = _waits(comparison_requests.contract_of_changes)
    triangle = _waits(comparison_requests.triangle)
    revisions = _waits(comparison_requests.revisions)
    stability = _waits(comparison_requests.stability)
    accuracy = _waits(comparison_requests.accuracy)
    as_of_join = _waits(remote_join.as_of_join)
    judge_frame = _waits(remote_gate.judge_frame)


class Client(_Waiting[ServiceRequests]):
    """Reads from a service: `Client("http://127.0.0.1:8000")["sp500-close"].get("AAPL",
    "2026-11-24")`.

    timeout_s   for each of: sending a request, waiting for the next bytes of its answer, waiting
                for what the service computes; connecting takes at most 3 s
    patience_s  how long requests are tried again after a 503 or a lost connection; 0 tries once
    Raises InvalidError (`bad_url`).
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = connection.TIMEOUT_S,
        patience_s: float = connection.PATIENCE_S,
    ) -> None:
        self.url = connection.service_url(url)
        self._http = httpx.Client(base_url=self.url, timeout=connection.timeout(timeout_s))
        super().__init__(ServiceRequests(self.url, patience_s, timeout_s), self._carry_out)

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __getitem__(self, name: str) -> RemoteSet:
        """The set of that name; asks nothing yet, so that an unknown set is an error of the first
        question.
        """
        return self._set(name, None)

    def at(self, as_of: Time) -> Moment[RemoteSet]:
        """All sets as of a moment; raises InvalidError (`bad_time`)."""
        moment = instants.instant_of(as_of)
        assert moment is not None
        return Moment(moment, self._set)

    def pin(self) -> Moment[RemoteSet]:
        """All sets as of the newest event that the service knows now."""
        return Moment(self._run(service_requests.present_moment(self._requests)), self._set)

    sets = _waits(service_requests.sets)
    events = _waits(service_requests.events)

    def _set(self, name: str, as_of: datetime | None) -> RemoteSet:
        return RemoteSet(SetRequests(self._requests, name, as_of), self._run)

    def _carry_out(self, plan: Plan[T]) -> T:
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
                outcome = self._send(step)

    def _send(self, request: Request) -> Reply | Unreached:
        try:
            return connection.reply(self._http.request(**connection.arguments(request)))
        except httpx.RequestError as error:
            return connection.unreached(error)
