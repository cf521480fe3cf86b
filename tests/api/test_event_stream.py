"""Event streams: what a signal does to them, and which of them are counted."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from litestar import Litestar

from estimates import Store
from estimates.errors import NotFoundError
from estimates_api.http.event_stream import EventStream, Read, Streams
from estimates_api.serving.follower import Follower
from tests.builders import define

APP: Any = Litestar
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def handled_by(handler: Any) -> Iterator[None]:
    """Meanwhile this handles the signals that end a service."""
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_streams_and_does_what_it_did(number: signal.Signals) -> None:
    """Whoever runs the app has a handler of their own, and has it alone once the app has ended."""
    seen: list[int] = []

    def own(signal_number: int, _frame: object) -> None:
        seen.append(signal_number)

    async def run() -> None:
        streams = Streams()
        async with streams.lifespan(APP):
            signal.raise_signal(number)
            await streams.closing.wait()

    with handled_by(own):
        asyncio.run(run())
        assert seen == [number]
        assert [signal.getsignal(each) for each in SIGNALS] == [own, own]
        signal.raise_signal(number)
        assert seen == [number, number]


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_signal_that_nobody_handles_is_left_alone(handler: signal.Handlers) -> None:
    """It ends the process, or does nothing, as it did without the app."""

    async def run() -> None:
        async with Streams().lifespan(APP):
            assert [signal.getsignal(number) for number in SIGNALS] == [handler, handler]

    with handled_by(handler):
        asyncio.run(run())


def test_apps_may_end_in_any_order() -> None:
    """A signal finds the handler of an app that has ended before another one, and goes on to who
    was there first.
    """
    seen: list[int] = []

    async def run() -> None:
        first, second = (Streams().lifespan(APP) for _ in range(2))
        await first.__aenter__()
        await second.__aenter__()
        await first.__aexit__(None, None, None)
        await second.__aexit__(None, None, None)

    with handled_by(lambda number, _frame: seen.append(number)):
        asyncio.run(run())
        signal.raise_signal(signal.SIGTERM)
    assert seen == [signal.SIGTERM]


def test_a_stream_counts_before_its_headers_are_taken(local_store: Store) -> None:
    """Clients that read nothing at all take places, too."""
    define(local_store)
    follower, streams = Follower(local_store), Streams()
    follower.poll()
    follower.targets.close()

    async def run() -> None:
        taken = asyncio.Event()

        async def send(_message: Any) -> None:
            await taken.wait()

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        stream = EventStream(streams, follower, lambda _after, _limit: [], 0, "anna")
        scope: Any = {"type": "http"}
        asking = asyncio.create_task(stream(scope, receive, send))
        await asyncio.sleep(0)
        assert (streams.count, streams.of["anna"]) == (1, 1)
        taken.set()
        await asking
        assert (streams.count, streams.of["anna"]) == (0, 0)

    asyncio.run(run())


def sent_by(store: Store, read: Read) -> list[Any]:
    """What a stream sends whose events are read like this, until it ends."""
    define(store)
    follower, sent = Follower(store), list[Any]()
    follower.poll()
    follower.targets.close()

    async def run() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            await asyncio.Event().wait()

        scope: Any = {"type": "http"}
        await EventStream(Streams(), follower, read, 7, "anna")(scope, receive, send)

    asyncio.run(run())
    return sent


def test_a_stream_ends_with_the_right_to_read(local_store: Store) -> None:
    """What a token opened no longer: nothing more is sent, and the end is said."""
    sent = sent_by(local_store, lambda _after, _limit: None)
    assert [message.get("body") for message in sent] == [None, b""]
    assert not sent[-1]["more_body"]


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (NotFoundError("unknown_set", "there is no such set", remedy="name another"), []),
        (KeyError("details"), ["an event stream failed after event 7"]),
    ],
)
def test_a_stream_that_fails_ends(
    local_store: Store, caplog: pytest.LogCaptureFixture, error: Exception, logged: list[str]
) -> None:
    """Its client comes again, again in vain; a fault of the program is in the log, with a trace."""

    def read(_after: int, _limit: int) -> NoReturn:
        raise error

    assert sent_by(local_store, read)[-1] == {
        "type": "http.response.body",
        "body": b"",
        "more_body": False,
    }
    assert [record.getMessage() for record in caplog.records] == logged
    assert all(record.exc_info for record in caplog.records)
