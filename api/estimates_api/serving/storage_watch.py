"""Whether the storage answers: looked at beside the requests, so that none has to find it out."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from estimates import Store, instants
from estimates.errors import EstimatesError
from estimates.storage.objects import BRIEFLY_S, Objects
from estimates.store.identity import NAME

STORAGE_CALLS = 16  # that may wait for the storage at a time
INTERVAL_S = 2.0
SILENT_S = 2.0  # how long a look may take before the storage counts as away
log = logging.getLogger("api")


class StorageWatch:
    """Looks at the storage; while it is away reads that need it are refused at once.

    read_at  when it last answered
    fault    code of the error with which it does not; `file_missing` where it has no store any
             more; None while all is well
    """

    def __init__(self, store: Store) -> None:
        self.read_at: datetime | None = None
        self.fault: str | None = None
        self._served = store.objects
        self._objects = Objects(store.root, BRIEFLY_S)
        store.objects.limit_calls(STORAGE_CALLS)

    async def watch(self) -> None:
        """Look at it again and again."""
        while True:
            look = asyncio.ensure_future(asyncio.to_thread(self._objects.stat, NAME))
            await asyncio.wait({look}, timeout=SILENT_S)
            if not look.done():
                self._note("storage")
            try:
                self._note("file_missing" if await look is None else None)
                self.read_at = instants.now()
            # whatever it is, it is looked at again: a watch that has ended says the same for ever
            except Exception as error:
                self._note(error.code if isinstance(error, EstimatesError) else "internal")
            await asyncio.sleep(INTERVAL_S)

    def _note(self, fault: str | None) -> None:
        if fault != self.fault:
            if fault is None:
                log.warning("the storage answers again")
            else:
                log.error("the storage does not answer (%s); what is open answers on", fault)
        self.fault = fault
        self._served.away = fault == "storage"
