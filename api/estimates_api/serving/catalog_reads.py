"""The catalog read for requests: one read at a time for all who ask, and nobody waits for long."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from datetime import datetime

from estimates import Store
from estimates.catalog.view import View
from estimates.errors import UnavailableError

PATIENCE_S = 0.8


class CatalogReads:
    """Views that know a moment; threads share the read that is under way."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, "catalog")
        self._lock = threading.Lock()
        self._read: Future[View] | None = None
        self._begun_at = 0.0

    def knowing(self, as_of: datetime) -> View:
        """A view that knows all that happened up to `as_of`, if that is not in the future.

        Raises what `Store.refresh` raises, and UnavailableError (`catalog`) when it takes longer
        than PATIENCE_S.
        """
        asked_at = time.monotonic()
        deadline = asked_at + PATIENCE_S
        while True:
            read, begun_at = self._under_way()
            # what others wait for in vain is not waited for again
            remaining = min(deadline, begun_at + PATIENCE_S) - time.monotonic()
            try:
                view = read.result(max(remaining, 0))
            except NotInTime:
                raise UnavailableError(
                    "catalog", "the catalog does not answer", remedy="retry"
                ) from None
            if view.knows(as_of) or begun_at >= asked_at:
                return view

    def close(self) -> None:
        """Begin nothing new."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _under_way(self) -> tuple[Future[View], float]:
        with self._lock:
            if self._read is None or self._read.done():
                self._read = self._thread.submit(self._store.refresh)
                self._begun_at = time.monotonic()
            return self._read, self._begun_at
