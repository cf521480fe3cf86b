"""What answers while a worker that takes another's place cannot open the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from estimates.errors import EstimatesError
from estimates_api.http.problems import PROBLEM_JSON, problem
from estimates_api.http.representation import Representation

RETRY_S = 1.0
_ALIVE = b'{"status":"ok"}'


class WaitingApp:
    """An ASGI app that is alive and not ready, so that nobody waits in vain; it tries to open the
    store again and again, and then ends, for a worker that answers.

    try_store  opens and closes the store; raises EstimatesError
    end        ends this worker
    """

    def __init__(self, try_store: Callable[[], None], end: Callable[[], None]) -> None:
        self._try_store = try_store
        self._end = end

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI entry point."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["path"] == "/health/live":
            answer = Representation(_ALIVE)
        else:
            answer = Representation(
                problem(503, "starting", "the store cannot be opened yet; retry").content,
                status=503,
                media_type=PROBLEM_JSON,
                headers={"retry-after": str(round(RETRY_S))},
            )
        await answer(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        trying = asyncio.create_task(self._try())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        trying.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _try(self) -> None:
        while True:
            await asyncio.sleep(RETRY_S)
            try:
                await asyncio.to_thread(self._try_store)
            except EstimatesError:
                continue
            self._end()
            return
