"""What this worker answered, by principal and set: counted in memory, written down by and by."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from litestar import Litestar

from estimates.storage.usage_days import ANYBODY, MOST_PAIRS, OTHERS
from estimates.storage.usage_record import UsageRecord
from estimates_api.access.route_access import OPT, WHOLE_SET
from estimates_api.serving.background import in_background

FLUSH_S = 10.0
_SETS = "/v1/sets/"
# What routes are about whose answers have estimates in them, or what is made of estimates.
_OF_ESTIMATES = ("whole_set", "lookup", "page", "batch", "key")
_READ = (200, 206, 304)
log = logging.getLogger("api")


class UsageCounts:
    """Counts since they were written down last.

    record  where they go
    """

    def __init__(self, record: UsageRecord) -> None:
        self.record = record
        self._counts: dict[tuple[str, str], int] = {}
        self._routes: set[str] = set()
        self._failed = False

    def observe(self, scope: Any, route: str, status: int) -> None:
        """Count an answer about a set's estimates; `route` is the template of its path."""
        if route not in self._routes or status not in _READ:
            return
        principal = scope.get("principal")
        parameters = scope.get("path_params")  # which the fast path does not make
        if parameters is None:
            name = scope["path"][len(_SETS) :].partition("/")[0]
        else:
            name = unquote(parameters["set"])
        key = (ANYBODY if principal is None else principal.name, name)
        counts = self._counts
        if key not in counts and len(counts) >= MOST_PAIRS:
            key = (OTHERS, name)
        counts[key] = counts.get(key, 0) + 1

    def flush(self) -> None:
        """Write the counts down; they are kept for the next time where that fails."""
        counts = self._counts
        if not counts:
            return
        self._counts = dict[tuple[str, str], int]()
        try:
            self.record.add(counts)
            self._failed = False
        except OSError as error:
            for key, count in counts.items():
                self._counts[key] = self._counts.get(key, 0) + count
            if not self._failed:
                log.error("%s cannot be written: %s", self.record.folder, error.strerror)
            self._failed = True

    @asynccontextmanager
    async def lifespan(self, app: Litestar) -> AsyncGenerator[None, None]:
        """Write the counts down every FLUSH_S while the app runs, and at its end."""
        self._routes = {
            route.path_format
            for route in app.routes
            for handler in getattr(route, "route_handlers", ())
            if not handler.http_methods.isdisjoint(("GET", "POST"))
            and _is_reading(route.path_format, handler.opt.get(OPT, WHOLE_SET))
        }
        try:
            async with in_background(self._flush_often()):
                yield
        finally:
            await asyncio.to_thread(self.flush)

    async def _flush_often(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            await asyncio.to_thread(self.flush)


def _is_reading(path: str, about: str) -> bool:
    """Whether answers of a route count: those with estimates of a set, and pages about one."""
    return path.startswith("/sets/{set}") or ("{set}" in path and about in _OF_ESTIMATES)
