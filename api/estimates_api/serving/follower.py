"""Follows the catalog: replaces the view that requests read, by one assignment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec
from litestar import Litestar

from estimates import Store, instants
from estimates.catalog.past_view import past_view
from estimates.catalog.view import View
from estimates.errors import EstimatesError, UnavailableError
from estimates.reading.reader import Reader, WouldBlock
from estimates.struct_types import make_ready
from estimates_api.serving.background import in_background
from estimates_api.serving.catalog_reads import CatalogReads
from estimates_api.serving.storage_watch import StorageWatch
from estimates_api.serving.targets import Targets

INTERVAL_S = 0.25
# Gives a reader whose view knows a moment: `Follower.at`, `Follower.nonblocking`.
ReaderAt = Callable[[datetime | None], Reader]
log = logging.getLogger("api")


class Follower:
    """The reader of the newest view; it answers from the last one while the catalog is unreachable.

    news      set when a view with new events is served; then there is another one to wait for
    read_at   when the catalog was last read
    errors    how often reading it failed
    fault     code of the error for which it could not be read the last time; None when it was
    targets   the versions that aliases point to, and which of them cannot be read here
    storage   whether the storage answers
    leaving   whether the worker is told to stop soon: it is not ready any more, and answers on
    """

    def __init__(self, store: Store) -> None:
        make_ready()  # from here on reads go on in several threads
        self.store = store
        store.only_on = True  # an older catalog is not what clients were told
        self.news = asyncio.Event()
        self.read_at: datetime | None = None
        self.errors = 0
        self.targets = Targets(store)
        self.storage = StorageWatch(store)
        self.leaving = False
        self._catalog = CatalogReads(store)
        self._reader: Reader | None = None
        self.fault: str | None = None

    @property
    def reader(self) -> Reader:
        """Reads at the newest view; raises UnavailableError (`starting`) while there is none."""
        if self._reader is None:
            raise UnavailableError("starting", "the catalog was not read yet", remedy="retry")
        return self._reader

    @property
    def view(self) -> View:
        """The newest view; raises UnavailableError (`starting`)."""
        return self.reader.view

    @property
    def known(self) -> View | None:
        """The newest view, if the catalog was ever read."""
        return None if self._reader is None else self._reader.view

    def leave(self) -> None:
        """Be not ready from now on."""
        self.leaving = True

    def at(self, as_of: datetime | None) -> Reader:
        """A reader whose view knows all that happened up to `as_of`; may read the catalog (blocks,
        for a second at most).

        Raises UnavailableError (`starting`, `catalog`).
        """
        reader = self.reader
        if as_of is None or reader.view.knows(as_of):
            return reader
        return self.store.reader(self._catalog.knowing(as_of))

    def past(self, as_of: datetime | None, name: str | None = None) -> Reader:
        """A reader of what was known at `as_of`, of all sets or of one; now where it is None.

        Raises what `at` and `past_view` raise.
        """
        reader = self.at(as_of)
        if as_of is None:
            return reader
        return self.store.reader(past_view(reader.view, as_of, name))

    def nonblocking(self, as_of: datetime | None) -> Reader:
        """A reader like that of `at` which never blocks; raises WouldBlock where it would."""
        reader = self._reader or self.reader
        if as_of is None or reader.view.knows(as_of):
            return reader.nonblocking
        raise WouldBlock

    def poll(self) -> None:
        """Look at the catalog once (blocks): open what aliases point to, then swap the reader."""
        view = self.store.refresh()
        self.read_at = view.read_at
        # better slow answers than none while the read files are opened or built
        if self._reader is None:
            self._reader = self.store.reader(view)
        fallbacks = self.targets.open(view)
        if fallbacks is None:
            # all that has changed; what the reader remembers stays true
            self._reader.view.read_at = view.read_at
        else:
            self._reader = self.store.reader(msgspec.structs.replace(view, fallbacks=fallbacks))

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncGenerator[None, None]:
        """Follow while the app runs; starts with a view if the catalog can be read."""
        await asyncio.to_thread(self._read_first)
        try:
            async with in_background(self._follow(), self.storage.watch()):
                yield
        finally:
            self.targets.close()
            self._catalog.close()

    def _read_first(self) -> None:
        try:
            self._reader = self.store.reader(self.store.refresh())
            self.read_at = instants.now()
        except EstimatesError as error:
            self._log_failure(error)

    async def _follow(self) -> None:
        announced = -1
        while True:
            try:
                await asyncio.to_thread(self.poll)
                self._log_success()
                if announced != self.view.last_event:
                    announced = self.view.last_event
                    news = self.news
                    self.news = asyncio.Event()
                    news.set()
            # whatever it is, the service answers from what it has and tries again
            except Exception as error:
                self._log_failure(error)
            await asyncio.sleep(INTERVAL_S)

    def _log_failure(self, error: Exception) -> None:
        self.errors += 1
        fault = error.code if isinstance(error, EstimatesError) else "internal"
        if fault != self.fault:
            log.error("the catalog cannot be followed; answering from the last view: %s", error)
        self.fault = fault

    def _log_success(self) -> None:
        if self.fault is not None:
            log.warning("the catalog is followed again")
        self.fault = None
