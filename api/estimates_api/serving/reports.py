"""Answers that take long to compute: made beside the event loop, once however many ask, and kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import TypeVar

import msgspec
from litestar import Litestar
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import HTTPScope, Scope

from estimates import Store
from estimates.compare.frozen_versions import Window
from estimates.compare.series import ComparedMoves, cached_series
from estimates.compare.series_report import Series
from estimates.compare.two_versions import Comparison, Form, decode_report
from estimates.errors import EstimatesError
from estimates.stability.report import Report
from estimates_api.http.representation import Header, Representation
from estimates_api.serving.recent import Recent
from estimates_api.serving.report_worker import Apart

PATIENCE_S = 2.0  # then the answer is where to look
RETRY_AFTER_S = 1
_KEPT_BYTES = 256 * 1024 * 1024
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
    """The reports of a store, kept or computed: small ones in a thread, large ones in a process
    apart.
    """

    def __init__(self, store: Store) -> None:
        self._kept = store.reports
        self._recent = Recent(_KEPT_BYTES)
        self._apart = Apart(store.root, store.reports)

    async def within(self, what: Hashable, make: Callable[[], T]) -> T | None:
        """What `make` gives, in time or None; `what` says all that it depends on."""
        return await self._recent.within(PATIENCE_S, what, make)

    def report(self, found: Comparison) -> Report:
        """The report of a comparison."""
        return self._of([found], headline_only=False)(found)

    def page(self, found: Comparison) -> bytes:
        """The report of a comparison as an HTML page; drawn in a process apart, however small: V8
        stays out of ours.
        """
        content = self._kept.get(found.cache_name("page"))
        if content is not None:
            return content
        (result,) = self._apart.reports([found], "page")
        if isinstance(result, EstimatesError):
            raise result
        assert isinstance(result, bytes)
        return result

    def series(self, moves: ComparedMoves) -> Series:
        """The series of the moves of production."""
        wanted = [move.comparison for move in moves.moves if move.comparison is not None]
        windows = [move.window for move in moves.moves if move.window is not None]
        # asked for only if the series is not kept
        given = cache(lambda: self._of(wanted, windows, headline_only=True))
        return cached_series(moves, self._kept, lambda comparison: given()(comparison))

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncGenerator[None, None]:
        """Ends with the app what is computed for it."""
        try:
            yield
        finally:
            self._recent.close()
            self._apart.close()

    def _of(
        self, wanted: Sequence[Comparison], windows: Sequence[Window] = (), *, headline_only: bool
    ) -> Callable[[Comparison], Report]:
        """Gives the reports of these comparisons; what stands still in the windows is kept by then
        if that is long.
        """
        form: Form = "headline" if headline_only else "report"
        names = {found.cache_name(form): found for found in wanted}
        kept = {name: self._kept.get(name) for name in names}
        missing = {name: found for name, found in names.items() if kept[name] is None}
        unknown = [window for window in windows if self._kept.get(window.cache_name()) is None]
        made: dict[str, Report | bytes | EstimatesError] = {}
        rows = sum(found.rows for found in missing.values())
        if rows + sum(window.rows for window in unknown) > _FEW_ROWS:
            results = self._apart.reports(list(missing.values()), form, unknown)
            made = dict(zip(missing, results, strict=True))

        def give(found: Comparison) -> Report:
            name = found.cache_name(form)
            content, result = kept[name], made.get(name)
            if content is not None:
                return decode_report(content)
            if isinstance(result, EstimatesError):
                raise result
            if isinstance(result, Report):
                return result
            return found.cached_report(self._kept, headline_only=headline_only)

        return give


def still_computing(scope: Scope | HTTPScope, head: Sequence[Header] = ()) -> Representation:
    """202: the answer is not ready, and where it will be."""
    path, _, query = (scope.get("raw_path") or b"").rpartition(b"/")[2].partition(b"?")
    query = query or scope["query_string"]
    location = (path + (b"?" + query if query else b"")).decode("latin-1")
    body = msgspec.json.encode(Computing("computing", location, RETRY_AFTER_S))
    found = Representation(
        body, head=head, headers={"location": location, "retry-after": str(RETRY_AFTER_S)}
    )
    found.status = 202
    return found
