"""The client for asyncio: the same methods, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, TypeVar

import httpx
import polars as pl

from estimates import instants
from estimates.accuracy.accuracy_report import LAST_SCORED, SetAccuracy
from estimates.catalog.records import Event, Provenance, State, Version, VersionHead
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.catalog.released import Clock
from estimates.client import connection, set_requests
from estimates.client.exchange import Exchange
from estimates.client.messages import Pause, Plan, Reply, Request, Unreached
from estimates.client.remote_gate import judgement
from estimates.client.set_requests import Questions, VersionSummary
from estimates.client.urls import Time
from estimates.compare.change_page import ChangePage
from estimates.compare.series_report import DEFAULT_LAST, Series
from estimates.contract.contract import Contract, Pairing
from estimates.gate.offender_table import Offenders
from estimates.gate.policy_table import PolicyInForce
from estimates.gate.verdict import Verdict
from estimates.keys.key_form import Key
from estimates.reading.answer import Answer, Page
from estimates.reading.page_cursor import DEFAULT_LIMIT
from estimates.stability.report import Report
from estimates.stability.through_time.revision_report import Across, Revisions

T = TypeVar("T")


class AsyncRemoteSet:
    """One set of a service, for reading: `RemoteSet` with methods to await."""

    def __init__(self, asked: Questions, run: Callable[[Plan[Any]], Awaitable[Any]]) -> None:
        self.name = asked.name
        self._asked = asked
        self._run = run

    def __repr__(self) -> str:
        return f"AsyncRemoteSet({self.name!r})"

    async def contract(self) -> Contract:
        """The newest contract."""
        return await self._run(self._asked.contract())

    async def policy(self) -> PolicyInForce:
        """What each check of the gate is held to, and where each limit comes from."""
        return await self._run(self._asked.policy())

    async def versions(self) -> list[VersionSummary]:
        """All versions, oldest first, without their provenance."""
        return await self._run(self._asked.versions())

    async def resolve(
        self, ref: Ref = PRODUCTION, as_of: Time | None = None, clock: Clock = None
    ) -> Version:
        """The version a ref names, now or as of a time."""
        return await self._run(self._asked.resolve(ref, as_of, clock))

    async def state(self, version: Version | VersionHead) -> State:
        """The derived state of a version, now."""
        return await self._run(self._asked.state(version))

    async def contract_of(self, version: Version | VersionHead) -> Contract:
        """The newest contract, for a version of its shape; NotFoundError (`unknown_shape`) for
        another.
        """
        return await self._run(self._asked.contract_of(version))

    async def contract_of_changes(self, page: ChangePage) -> Contract:
        """The contract that a page of changes is read with; of two sets, that of the columns which
        both have.
        """
        return await self._run(self._asked.contract_of_changes(page))

    async def get(
        self,
        *key: Any,
        ref: Ref = PRODUCTION,
        as_of: Time | None = None,
        fields: Sequence[str] | None = None,
        clock: Clock = None,
    ) -> Answer:
        """One estimate; `answer["value"]` is its cell."""
        return await self._run(self._asked.get(key, ref, as_of, fields, clock))

    async def get_many(
        self,
        keys: Sequence[Key],
        *,
        ref: Ref = PRODUCTION,
        as_of: Time | None = None,
        fields: Sequence[str] | None = None,
        clock: Clock = None,
    ) -> Answer:
        """Many estimates in the order asked, each with its status."""
        return await self._run(self._asked.get_many(keys, ref, as_of, fields, clock))

    async def scan(
        self,
        *prefix: Any,
        ref: Ref = PRODUCTION,
        as_of: Time | None = None,
        fields: Sequence[str] | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
        clock: Clock = None,
    ) -> Page:
        """The estimates under a leading part of the key, a page at a time; a cursor stays with its
        version.
        """
        return await self._run(self._asked.scan(prefix, ref, as_of, fields, limit, cursor, clock))

    async def history(
        self,
        *key: Any,
        since: Time | None = None,
        until: Time | None = None,
        only: Literal["promoted"] | None = None,
        fields: Sequence[str] | None = None,
        chain: bool = False,
        clock: Clock = None,
        shape: int | None = None,
    ) -> Answer:
        """One key through the versions of production's shape, or of another, oldest first.

        chain  also what became of its numbers: a `stability.Chain` a column
        """
        return await self._run(
            self._asked.history(key, since, until, only, fields, chain, clock, shape)
        )

    async def explain(self, *key: Any, ref: Ref = PRODUCTION, as_of: Time | None = None) -> Answer:
        """Why an estimate is what it is: JSON of an `explanation.Explanation`."""
        return await self._run(self._asked.explain(key, ref, as_of))

    async def diff(
        self,
        a: Ref,
        b: Ref = PRODUCTION,
        *,
        as_of: Time | None = None,
        pairing: Pairing | None = None,
        other: str | None = None,
    ) -> Report:
        """How version `b`, of an `other` set if one is named, differs from version `a`; 12
        significant digits.
        """
        return await self._run(self._asked.diff(a, b, as_of, pairing, other))

    async def page(
        self,
        a: Ref,
        b: Ref = PRODUCTION,
        *,
        as_of: Time | None = None,
        pairing: Pairing | None = None,
        other: str | None = None,
    ) -> str:
        """The report of `diff` as one HTML page with pictures."""
        return await self._run(self._asked.page(a, b, as_of, pairing, other))

    async def triangle(
        self, *key: Any, column: str | None = None, across: Across | None = None
    ) -> pl.DataFrame:
        """The revision triangle of a column: a row a key, a column a horizon (`h5`) or, without, a
        version (`v5`).
        """
        return await self._run(self._asked.triangle(key, column, across))

    async def revisions(self, *key: Any, column: str | None = None) -> Revisions:
        """How the estimates of a column are revised; numbers have 12 significant digits."""
        return await self._run(self._asked.revisions(key, column))

    async def as_of_join(
        self, frame: Any, time: str, *, fields: Sequence[str] | None = None, clock: Clock = None
    ) -> pl.DataFrame:
        """The rows of `frame` in order, each with the estimate that production gave at its `time`,
        and its version.

        A batch is asked for each version that was in force at any of the times; see
        `point_in_time.as_of_join`.
        """
        return await self._run(self._asked.as_of_join(frame, time, fields, clock))

    async def stability(self, last: int = DEFAULT_LAST, *, as_of: Time | None = None) -> Series:
        """What each of the last moves of production changed, rollbacks too, oldest first;
        `.frame()` is a table.
        """
        return await self._run(self._asked.stability(last, as_of))

    async def changes(
        self,
        a: Ref,
        b: Ref = PRODUCTION,
        *,
        key: Key = (),
        by: str | None = None,
        min_change: float = 0.0,
        as_of: Time | None = None,
        pairing: Pairing | None = None,
        other: str | None = None,
    ) -> pl.DataFrame:
        """What changed key by key from version `a` to version `b`, what moved most first: a row a
        key.
        """
        return await self._run(
            self._asked.changes(a, b, key, by, min_change, as_of, pairing, other)
        )

    async def changes_page(
        self,
        a: Ref,
        b: Ref = PRODUCTION,
        *,
        key: Key = (),
        by: str | None = None,
        min_change: float = 0.0,
        as_of: Time | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
        pairing: Pairing | None = None,
        other: str | None = None,
    ) -> ChangePage:
        """A page of `changes`; a cursor stays with its versions."""
        return await self._run(
            self._asked.changes_page(
                a, b, key, by, min_change, as_of, limit, cursor, pairing, other
            )
        )

    async def accuracy(self, version: int | None = None, *, last: int = LAST_SCORED) -> SetAccuracy:
        """The newest stored scores of one version, or of the `last` versions that have any,
        whatever the moment.
        """
        return await self._run(self._asked.accuracy(version, last))

    async def judge_frame(
        self,
        frame: pl.DataFrame,
        provenance: Provenance,
        *,
        against: Ref = PRODUCTION,
        judged_at: datetime | None = None,
        actuals: pl.DataFrame | None = None,
        offenders: Offenders | None = None,
    ) -> Verdict:
        """Judge a frame before it is published, here, by the service's contract and against one of
        its versions.

        The verdict is the one that `Store.judge_frame` gives, byte for byte; nothing is stored.
        """
        judge = await self._run(
            judgement(self._asked, frame, provenance, against, judged_at, actuals, offenders)
        )
        return await asyncio.to_thread(judge)


class AsyncMoment:
    """All sets of a service at one moment: aliases and `latest` mean what they meant then."""

    def __init__(
        self, as_of: datetime, open_set: Callable[[str, datetime], AsyncRemoteSet]
    ) -> None:
        self.as_of = as_of
        self._open_set = open_set

    def __getitem__(self, name: str) -> AsyncRemoteSet:
        """The set of that name at this moment."""
        return self._open_set(name, self.as_of)


class AsyncClient:
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
        self.url = connection.checked(url)
        self._http = httpx.AsyncClient(base_url=self.url, timeout=connection.timeout(timeout_s))
        self._exchange = Exchange(self.url, patience_s, timeout_s)

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

    def at(self, as_of: Time) -> AsyncMoment:
        """All sets as of a moment; raises InvalidError (`bad_time`)."""
        moment = instants.instant_of(as_of)
        assert moment is not None
        return AsyncMoment(moment, self._set)

    async def pin(self) -> AsyncMoment:
        """All sets as of the newest event that the service knows now."""
        return self.at(await self._run(set_requests.present_moment(self._exchange)))

    async def sets(self) -> list[str]:
        """The names of all sets, sorted."""
        return await self._run(set_requests.set_names(self._exchange))

    async def events(self, after: int = 0, limit: int = DEFAULT_LIMIT) -> list[Event]:
        """At most `limit` events with an id above `after`, oldest first; [] only when there is
        nothing newer.
        """
        return await self._run(set_requests.events(self._exchange, after, limit))

    def _set(self, name: str, as_of: datetime | None) -> AsyncRemoteSet:
        return AsyncRemoteSet(Questions(self._exchange, name, as_of), self._run)

    async def _run(self, plan: Plan[T]) -> T:
        came: Reply | Unreached | None = None
        while True:
            try:
                step = plan.send(came)
            except StopIteration as done:
                return done.value
            came = await (
                asyncio.sleep(step.seconds) if isinstance(step, Pause) else self._send(step)
            )

    async def _send(self, request: Request) -> Reply | Unreached:
        try:
            return connection.reply(await self._http.request(**connection.arguments(request)))
        except httpx.RequestError as error:
            return connection.unreached(error)
