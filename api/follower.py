"""Follows the catalog: the view that requests read is replaced off the request path, by one assignment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from litestar import Litestar

from estimates import Store
from estimates.catalog import PRODUCTION, View
from estimates.errors import EstimatesError, UnavailableError
from estimates.reader import NotAtHand, Reader

INTERVAL_S = 0.25
log = logging.getLogger("api")


class Follower:
    """The reader of the newest view known here. It goes on answering from the last one when the catalog is unreachable.

    faults   sets whose production version cannot be opened, with the error's code
    opened   id of the event up to which production versions were opened; None before the first time
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.faults: dict[str, str] = {}
        self.opened: int | None = None
        self._reader: Reader | None = None
        self._reachable = True

    @property
    def reader(self) -> Reader:
        """Reads at the newest view; raises UnavailableError (`starting`) before the catalog was read once."""
        if self._reader is None:
            raise UnavailableError("starting", "the catalog was not read yet; retry")
        return self._reader

    @property
    def view(self) -> View:
        """The newest view; raises UnavailableError (`starting`)."""
        return self.reader.view

    def at(self, as_of: datetime | None) -> Reader:
        """A reader whose view knows all that happened up to `as_of`; reads the catalog if ours does not (blocks).

        Raises UnavailableError (`catalog`) when it must and cannot.
        """
        reader = self.reader
        if as_of is None or reader.view.knows(as_of):
            return reader
        return self.store.reader(self.store.refresh())

    def at_once(self, as_of: datetime | None) -> Reader:
        """A reader like that of `at`, which never blocks: raises NotAtHand where it would have to."""
        reader = self.reader
        if as_of is None or reader.view.knows(as_of):
            return reader.at_once
        raise NotAtHand

    def poll(self) -> None:
        """Look at the catalog once (blocks): open what production points to, then swap the reader."""
        view = self.store.refresh()
        if self._reader is None:  # better slow answers than none while the read files are opened or built
            self._reader = self.store.reader(view)
        if view.last_event != self.opened:
            self.faults = self._open_production(view)
            self.opened = view.last_event
        self._reader = self.store.reader(view)

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncGenerator[None, None]:
        """Follow while the app runs; starts with a view if the catalog can be read."""
        await asyncio.to_thread(self._read_first)
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _read_first(self) -> None:
        try:
            self._reader = self.store.reader(self.store.refresh())
        except EstimatesError as error:
            self._lost(error)

    async def _follow(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.poll)
                self._found()
            except Exception as error:  # whatever it is, the service answers from what it has and tries again
                self._lost(error)
            await asyncio.sleep(INTERVAL_S)

    def _open_production(self, view: View) -> dict[str, str]:
        """Open the read file of each set's production version, building missing ones; what failed, by set."""
        faults: dict[str, str] = {}
        for name, held in view.sets.items():
            pointed = held.aliases.get(PRODUCTION)
            if pointed is None:
                continue
            try:
                self.store.open(held.versions[pointed.version - 1])
            except EstimatesError as error:
                log.error("%s: production version %d cannot be opened: %s", name, pointed.version, error)
                faults[name] = error.code
            except Exception:
                log.exception("%s: production version %d cannot be opened", name, pointed.version)
                faults[name] = "internal"
        return faults

    def _lost(self, error: Exception) -> None:
        if self._reachable:
            log.error("the catalog cannot be read; answering from the last view: %s", error)
        self._reachable = False

    def _found(self) -> None:
        if not self._reachable:
            log.warning("the catalog can be read again")
        self._reachable = True
