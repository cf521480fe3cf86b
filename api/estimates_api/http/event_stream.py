"""Server-sent events: what happens is sent as it happens; a client goes on where it left off."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from types import FrameType
from typing import Any

import msgspec
from litestar import Litestar
from litestar.types import Receive, Scope, Send

from estimates import instants
from estimates.errors import EstimatesError, UnavailableError
from estimates_api.http.bodies import EventBody
from estimates_api.http.representation import encoded
from estimates_api.http.streaming import STALLED_S, disconnected
from estimates_api.serving.background import in_background
from estimates_api.serving.follower import Follower

HEARTBEAT_S = 15.0
RETRY_MS = 1000
PAGE = 100  # events sent before the client has to have read them
MAX_STREAMS = 100  # of one worker: each takes one of the places that requests have
MAX_OF_ONE = 50  # of them for one principal: somebody who opens all they can leaves room
_CLOSING_S = 1.0
log = logging.getLogger("api")
_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}
# The events after an id, so many at most; None when the reader may not read any more.
Read = Callable[[int, int], list[EventBody] | None]


class Streams:
    """The event streams of this worker.

    count    how many are open
    of       how many of them are a principal's, by name
    closing  set when the worker is told to stop: streams end, so that nobody waits for them
    """

    def __init__(self) -> None:
        self.count = 0
        self.of = Counter[str]()
        self.closing = asyncio.Event()

    def check(self, reader: str) -> None:
        """Raises UnavailableError (`too_many_streams`) where there is no place for one more.

        reader  the principal who asks; empty where anybody may
        """
        if self.count >= MAX_STREAMS:
            what = f"this worker has {MAX_STREAMS} open event streams"
        elif reader and self.of[reader] >= MAX_OF_ONE:
            what = f"{reader} has {MAX_OF_ONE} open event streams of this worker"
        else:
            return
        raise UnavailableError("too_many_streams", what, remedy="retry")

    @contextmanager
    def one_more(self, reader: str) -> Iterator[None]:
        """Count a stream while it is open."""
        self.count += 1
        self.of[reader] += 1
        try:
            yield
        finally:
            self.count -= 1
            self.of -= Counter((reader,))

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncGenerator[None, None]:
        """Notice the signal to stop: the server waits for open answers before the lifespan ends."""
        with ExitStack() as noticed:
            for number in (signal.SIGTERM, signal.SIGINT):
                noticed.enter_context(self._noticing(number, asyncio.get_running_loop()))
            try:
                yield
            finally:
                self.closing.set()

    @contextmanager
    def _noticing(self, number: int, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Meanwhile a signal ends streams, too, besides what it does. One that nobody handles ends
        the process, or nothing, as ever.
        """
        before = signal.getsignal(number)

        def close(signal_number: int, frame: FrameType | None) -> None:
            with suppress(RuntimeError):  # another app has set its own since, and outlived this one
                loop.call_soon_threadsafe(self.closing.set)
            assert callable(before)
            before(signal_number, frame)

        # not the main thread: no server of its own, nobody sends signals
        with suppress(ValueError):
            if callable(before):
                signal.signal(number, close)
        yield
        if signal.getsignal(number) is close:
            signal.signal(number, before)


class EventStream:
    """An ASGI app that sends the events after an id, then each as it is served.

    It ends when the client or the server leaves, and when the reader's token counts no longer.
    Raises UnavailableError (`too_many_streams`).
    """

    def __init__(
        self, streams: Streams, follower: Follower, read: Read, after: int, reader: str
    ) -> None:
        streams.check(reader)
        self._streams = streams
        self._reader = reader
        self._follower = follower
        self._read = read
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        # how long it lasts is no latency
        scope["path_template"] = f"{scope.get('path_template')} (stream)"
        headers = _HEADERS | {"estimates-as-of": instants.text(self._follower.view.moment)}
        with self._streams.one_more(self._reader):
            await send({"type": "http.response.start", "status": 200, "headers": encoded(headers)})
            if not scope.get("head"):
                await _until_first_ends(
                    self._write(send), disconnected(receive), self._streams.closing.wait()
                )
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    send({"type": "http.response.body", "body": b"", "more_body": False}),
                    _CLOSING_S,
                )

    async def _write(self, send: Send) -> None:
        """Send what there is, then wait for more; ends when the client stops reading."""
        text = b"retry: %d\n\n" % RETRY_MS
        while True:
            news = self._follower.news  # before reading: what is served meanwhile is not missed
            page = self._events()
            if page is None:
                return
            text += b"".join(
                b"id: %d\nevent: %s\ndata: %s\n\n"
                % (event.id, event.kind.encode(), msgspec.json.encode(event))
                for event in page
            )
            if text:
                async with asyncio.timeout(STALLED_S):
                    await send({"type": "http.response.body", "body": text, "more_body": True})
            text = b""
            if page:
                self._after = page[-1].id
                continue
            try:
                # `asyncio.wait_for` of Python 3.11 loses a cancellation that comes with the news
                async with asyncio.timeout(HEARTBEAT_S):
                    await news.wait()
            except TimeoutError:
                text = b": still here\n\n"

    def _events(self) -> list[EventBody] | None:
        """The next events; None ends the stream, which is all that its client sees of an error."""
        try:
            return self._read(self._after, PAGE)
        except EstimatesError:  # the set is gone
            return None
        except Exception:
            log.exception("an event stream failed after event %d", self._after)
            return None


async def _until_first_ends(*parts: Coroutine[Any, Any, Any]) -> None:
    """Run all until the first ends, with whatever result; then the others are cancelled."""
    async with in_background(*parts) as tasks:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
