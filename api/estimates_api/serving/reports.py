"""Reports for requests: cached, computed within seconds, or a 202 that says to ask again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, TypeVar

import msgspec
from litestar import Litestar
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import HTTPScope, Scope

from estimates import Store
from estimates.compare.frozen_versions import Window
from estimates.compare.series import ComparedMoves, cached_series
from estimates.compare.series_report import Series
from estimates.compare.two_versions import Comparison, Form, ReadFrame, decode_report
from estimates.errors import EstimatesError
from estimates.stability.report import Report
from estimates.stability.through_time.revision_report import FrozenReport
from estimates_api.http.representation import (
    REVALIDATE,
    Compressible,
    Header,
    Representation,
    known_tag,
)
from estimates_api.serving.recent_results import RecentResults
from estimates_api.serving.report_worker import ReportWorker, Result

PATIENCE_S = 2.0  # how long a request waits before it is answered with 202
PATIENCE = "patience"  # of a scope: seconds that this request waits instead
RETRY_AFTER_S = 1
_RECENT_BYTES = 256 * 1024 * 1024
# Rows of all versions to compare: fewer take less time than a process takes to start.
_FEW_ROWS = 200_000
T = TypeVar("T")


class Computing(msgspec.Struct, frozen=True):
    """The answer is still being computed; ask `location`, relative to the URL asked, after
    `retry_after` seconds.
    """

    status: str
    location: str
    retry_after: int


COMPUTING = {
    202: ResponseSpec(
        Computing, generate_examples=False, description="It is being computed; ask again."
    )
}


class Reports:
    """The reports of a store: cached, computed in a thread, or by a process if they are large."""

    def __init__(self, store: Store) -> None:
        self._cache = store.reports
        self._recent = RecentResults(_RECENT_BYTES)
        self._worker = ReportWorker(
            store.root, store.reports, store.manifests, lambda: self._recent.is_wanted
        )

    async def answer(
        self,
        scope: Scope | HTTPScope,
        name: Hashable,
        write: Callable[[], bytes],
        *,
        etag: str,
        media_type: str,
        head: Sequence[Header],
        cached_head: Sequence[Header] = ((b"cache-control", REVALIDATE.encode()),),
        computing_head: Sequence[Header] = (),
    ) -> Representation:
        """The answer that `write` gives; 304 when the client has it, 202 when it takes long.

        name            all that the answer depends on
        head            headers in any case; the two others only with the answer, or only with 202
        """
        full_head = [*head, *cached_head]
        known = known_tag(scope, etag)
        if known is not None:
            return Representation(b"", etag=known, cache=None, head=full_head)
        body = await self.within(scope, name, write)
        if body is None:
            return still_computing(scope, [*head, *computing_head])
        return Compressible(body, etag=etag, cache=None, media_type=media_type, head=full_head)

    async def within(
        self, scope: Scope | HTTPScope, name: Hashable, make: Callable[[], T]
    ) -> T | None:
        """The result of `make`, or None when it takes longer than the request waits, PATIENCE_S.

        Raises UnavailableError (`too_many_reports`), also for what one client asks for.
        """
        of_request: dict[str, Any] = dict(scope)
        patience = of_request.get(PATIENCE, PATIENCE_S)
        return await self._recent.within(patience, name, make, _client_of(of_request))

    def report(self, comparison: Comparison) -> Report:
        """The report of a comparison."""
        return self._reports([comparison], headline_only=False)(comparison)

    def page(self, comparison: Comparison) -> bytes:
        """The report as an HTML page, always drawn in a process: V8 stays out of this one.

        Raises what computing the report raises.
        """
        content = self._cache.get(comparison.cache_name("page"))
        if content is not None:
            return content
        (result,) = self._worker.reports([comparison], "page")
        if isinstance(result, EstimatesError):
            raise result
        assert isinstance(result, bytes)
        return result

    def pictures(self, comparison: Comparison) -> bytes:
        """The numbers that pictures of a report are drawn from, as JSON; large ones are counted in
        a process. Raises what computing the report raises.
        """
        content = self._cache.get(comparison.cache_name("pictures"))
        if content is not None:
            return content
        if comparison.rows <= _FEW_ROWS:
            return comparison.cached_pictures(self._cache)
        (result,) = self._worker.reports([comparison], "pictures")
        if isinstance(result, EstimatesError):
            raise result
        assert isinstance(result, bytes)
        return result

    def series(self, moves: ComparedMoves) -> Series:
        """The series of the moves of production."""
        comparisons = [move.comparison for move in moves.moves if move.comparison is not None]
        windows = [move.window for move in moves.moves if move.window is not None]
        # called only if the series is not cached
        headlines = cache(lambda: self._reports(comparisons, windows, headline_only=True))
        return cached_series(moves, self._cache, lambda comparison: headlines()(comparison))

    def frozen(self, window: Window, read: ReadFrame) -> FrozenReport:
        """What stands still in a window; of many rows it is computed in a process.

        Raises CorruptError.
        """
        if window.rows > _FEW_ROWS and self._cache.get(window.cache_name()) is None:
            self._worker.reports([], "report", [window])  # which keeps it
        return window.cached_report(self._cache, read)

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncGenerator[None, None]:
        """End with the app what is computed for it."""
        try:
            yield
        finally:
            self._recent.close()
            self._worker.close()

    def _reports(
        self,
        comparisons: Sequence[Comparison],
        windows: Sequence[Window] = (),
        *,
        headline_only: bool,
    ) -> Callable[[Comparison], Report]:
        """Gives the reports of these comparisons; what is large is computed before it returns."""
        form: Form = "headline" if headline_only else "report"
        named = {c.cache_name(form): c for c in comparisons}
        cached = {name: self._cache.get(name) for name in named}
        missing = {name: c for name, c in named.items() if cached[name] is None}
        unknown = [window for window in windows if self._cache.get(window.cache_name()) is None]
        computed: dict[str, Result] = {}
        rows = sum(comparison.rows for comparison in missing.values())
        if rows + sum(window.rows for window in unknown) > _FEW_ROWS:
            results = self._worker.reports(list(missing.values()), form, unknown)
            computed = dict(zip(missing, results, strict=True))

        def report(comparison: Comparison) -> Report:
            name = comparison.cache_name(form)
            content = cached[name]
            result = computed.get(name)
            if content is not None:
                return decode_report(content)
            if isinstance(result, EstimatesError):
                raise result
            if isinstance(result, Report):
                return result
            return comparison.cached_report(self._cache, headline_only=headline_only)

        return report


def _client_of(scope: dict[str, Any]) -> str:
    """Who asks: the name that a token or a JWT stands for, else an address."""
    principal, address = scope.get("principal"), scope.get("client")
    if principal is not None and principal.name:
        return str(principal.name)
    return f"at {address[0]}" if address else ""


def still_computing(scope: Scope | HTTPScope, head: Sequence[Header] = ()) -> Representation:
    """202: the answer is not ready, and where it will be."""
    path, _, query = (scope.get("raw_path") or b"").rpartition(b"/")[2].partition(b"?")
    query = query or scope["query_string"]
    location = (path + (b"?" + query if query else b"")).decode("latin-1")
    body = msgspec.json.encode(Computing("computing", location, RETRY_AFTER_S))
    headers = {"location": location, "retry-after": str(RETRY_AFTER_S)}
    return Representation(body, status=202, head=head, headers=headers)
