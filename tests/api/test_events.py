"""Events as they happen: a client that goes on from its last id misses nothing and gets nothing
twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from estimates import Store
from estimates.catalog.engine import writing
from estimates.catalog.event_log import append, next_event
from estimates.catalog.records import Event
from estimates_api.app import create_app
from estimates_api.http import event_stream
from tests.api.served import serving, started
from tests.builders import SET, code_of, define, make_store, promoted
from tests.waiting import LONGEST_S, until

pytest_plugins = ("tests.api.fixtures",)

STREAM = {"accept": "text/event-stream"}


class Told(NamedTuple):
    """An event as a stream tells it."""

    id: int
    kind: str
    data: dict[str, Any]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one version in production: events 1 to 4."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    return store


@pytest.fixture
def url(server: httpx.Client) -> str:
    """A service of two sets."""
    return str(server.base_url)


def parse(lines: Iterator[str]) -> Iterator[Told]:
    """The events of a stream's lines; one that is cut off is none."""
    fields: dict[str, str] = {}
    for line in lines:
        if line == "" and "data" in fields:
            yield Told(int(fields["id"]), fields["event"], json.loads(fields["data"]))
        if line == "":
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


@contextmanager
def streaming(url: str, after: int = 0) -> Iterator[httpx.Response]:
    """An open stream that goes on after an event."""
    headers = STREAM | {"last-event-id": str(after)}
    # less than a heartbeat, which would hide that events wait for one
    with httpx.stream("GET", f"{url}/v1/events", headers=headers, timeout=14) as response:
        assert response.status_code == 200
        yield response


@contextmanager
def connected(url: str) -> Iterator[None]:
    """A client that asks for a stream and never reads it."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"GET /v1/events HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n"
        )
        yield


def take(url: str, count: int, after: int = 0) -> list[Told]:
    """The first events of a stream, which the client then leaves."""
    with streaming(url, after) as response:
        events = parse(response.iter_lines())
        return [next(events) for _ in range(count)]


def last_event(store: Store) -> int:
    """The newest id."""
    return store.catalog.last_event()


def gauge(url: str, name: str) -> float:
    """A number from /metrics."""
    lines = httpx.get(f"{url}/metrics", timeout=60).text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def write(store: Store, rounds: int) -> None:
    """Publish, judge, promote and roll back."""
    for number in range(rounds):
        promoted(store, f"written-{number}", 101.0 + number / 10, day=number + 1)
        store.rollback(SET, reason="looked wrong")


def test_what_accept_asks_for(client: TestClient[Any]) -> None:
    """JSON unless a stream is liked better; neither is a 406."""
    for accept in (
        "*/*",
        "application/json",
        "text/event-stream;q=0.1, application/json",
        "text/*;q=0.1, */*",
    ):
        assert (
            client.get("/v1/events", headers={"accept": accept}).headers["content-type"]
            == "application/json"
        )
    refused = client.get("/v1/events", headers={"accept": "text/event-stream;q=0, text/html"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")


def test_a_stream_tells_what_the_feed_tells(url: str) -> None:
    """The same ids, kinds and JSON, headers that keep proxies from holding it back, and how soon to
    come again.
    """
    feed = httpx.get(f"{url}/v1/events").json()["events"]
    assert take(url, len(feed)) == [Told(event["id"], event["kind"], event) for event in feed]
    with streaming(url) as response:
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["estimates-as-of"]
        assert next(response.iter_lines()) == "retry: 1000"


def test_events_are_told_as_they_happen(store: Store) -> None:
    """A promotion reaches a client that waits, on every worker; by then this worker answers from
    it.
    """
    with serving(Path(store.root), 2) as url, streaming(url, 4) as response:
        events = parse(response.iter_lines())
        version = promoted(store, "two", 101.0, day=1).version
        assert [(next(events).kind, version) for _ in range(3)] == [
            (kind, version) for kind in ("published", "judged", "promoted")
        ]


def test_only_what_happened_to_one_set_is_told_when_asked(url: str) -> None:
    """`set` selects, in the feed and in the stream; pages go on where the one before ended."""
    every = httpx.get(f"{url}/v1/events").json()["events"]
    odd = [event["id"] for event in every if event["set"] == "odd"]
    page = httpx.get(f"{url}/v1/events", params={"set": "odd", "limit": 2}).json()
    assert ([event["id"] for event in page["events"]], page["next"]) == (odd[:2], odd[1])
    rest = httpx.get(f"{url}/v1/events", params={"set": "odd", "after": page["next"]}).json()
    assert ([event["id"] for event in rest["events"]], rest["next"]) == (odd[2:], None)
    with httpx.stream("GET", f"{url}/v1/events?set=odd", headers=STREAM) as response:
        events = parse(response.iter_lines())
        assert [next(events).id for _ in odd] == odd


@pytest.mark.parametrize("ending", [pytest.param("stop", marks=pytest.mark.stack), "kill"])
def test_a_client_that_comes_again_misses_nothing(store: Store, ending: str) -> None:
    """While a writer writes, the client leaves and the server restarts again and again: each id
    once, in order.
    """
    writer = threading.Thread(target=write, args=(Store(store.root, actor="writer"), 7))
    seen: list[int] = []
    servers = 0
    writer.start()
    while writer.is_alive() or seen[-1:] != [last_event(store)]:
        servers += 1
        with started(Path(store.root), 2) as served:
            for _ in range(3):
                known = seen[-1] if seen else 0
                seen += [
                    event.id for event in take(served.url, min(7, last_event(store) - known), known)
                ]
            if ending == "stop":
                assert served.stop() == 0
            else:
                served.kill()
    writer.join()
    assert seen == list(range(1, last_event(store) + 1))
    assert servers > 1


def test_open_streams_end_when_the_server_stops(store: Store) -> None:
    """A client that waits sees the end of its stream; one that reads nothing holds nobody up; the
    exit code is 0.
    """
    with (
        started(Path(store.root)) as served,
        connected(served.url),
        streaming(served.url) as response,
    ):
        lines = response.iter_lines()
        assert next(lines) == "retry: 1000"
        until(lambda: gauge(served.url, "estimates_event_streams") == 2)
        assert served.stop() == 0
        assert [event.id for event in parse(lines)] == [1, 2, 3, 4]


def test_a_client_that_leaves_is_noticed(url: str) -> None:
    """Its place is free again at once, not when there is something to tell it."""
    until(lambda: gauge(url, "estimates_event_streams") == 0)
    with streaming(url):
        until(lambda: gauge(url, "estimates_event_streams") == 1)
    until(lambda: gauge(url, "estimates_event_streams") == 0)


class Reader:
    """A client of the app: what it was sent, how many messages it still reads, whether it left."""

    def __init__(self, reads: int = 100) -> None:
        self.sent: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self._reads = asyncio.Semaphore(reads)
        self._news = asyncio.Event()

    async def ask(self, app: Litestar, query: str = "") -> None:
        """Ask for a stream as a server would; each message waits until the client reads it."""
        scope: Any = {
            "type": "http",
            "method": "GET",
            "path": "/v1/events",
            "query_string": query.encode(),
            "headers": [(b"accept", b"text/event-stream")],
        }
        await asyncio.wait_for(app(scope, self._receive, self._send), LONGEST_S)

    async def wait_for(self, messages: int) -> None:
        """Wait until so many messages were sent."""
        while len(self.sent) < messages:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), LONGEST_S)

    async def _receive(self) -> Any:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self._reads.acquire()
        self.sent.append(message)
        self._news.set()


def bodies(sent: list[dict[str, Any]]) -> list[bytes]:
    """What was sent after the headers."""
    return [message["body"] for message in sent if message["type"] == "http.response.body"]


def test_a_slow_client_is_sent_a_page_at_a_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is prepared for a client before it has read what it was sent; one that reads no more
    is let go.
    """
    monkeypatch.setattr(event_stream, "PAGE", 2)
    monkeypatch.setattr(event_stream, "STALLED_S", 0.2)
    reader = Reader(2)

    async def run() -> None:
        app = create_app(store)
        async with app.lifespan():
            await asyncio.wait_for(reader.ask(app), LONGEST_S)

    asyncio.run(run())
    assert [
        event.id
        for body in bodies(reader.sent)
        for event in parse(iter(body.decode().splitlines()))
    ] == [1, 2]


def test_pages_follow_one_another(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages it takes, each event is told once and in order."""
    monkeypatch.setattr(event_stream, "PAGE", 1)
    reader = Reader()

    async def run() -> None:
        app = create_app(store)
        async with app.lifespan():
            stream = asyncio.create_task(reader.ask(app))
            await reader.wait_for(1 + 4)  # the headers, then a page for each event
            reader.left.set()
            await asyncio.wait_for(stream, LONGEST_S)

    asyncio.run(run())
    assert [
        event.id for event in parse(iter(b"".join(bodies(reader.sent)).decode().splitlines()))
    ] == [
        1,
        2,
        3,
        4,
    ]


def test_a_stream_without_news_is_kept_alive(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments, which clients ignore, keep proxies from closing it."""
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.05)
    reader = Reader()

    async def run() -> None:
        app = create_app(store)
        async with app.lifespan():
            stream = asyncio.create_task(reader.ask(app, "after=4"))
            await reader.wait_for(4)
            reader.left.set()
            await asyncio.wait_for(stream, LONGEST_S)

    asyncio.run(run())
    assert bodies(reader.sent)[:3] == [b"retry: 1000\n\n", b": still here\n\n", b": still here\n\n"]


def test_one_reader_does_not_take_all_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A principal has so many, and others have the rest; where anybody may read there is no such
    bound, since nobody has a name.
    """
    monkeypatch.setattr(event_stream, "MAX_STREAMS", 4)
    monkeypatch.setattr(event_stream, "MAX_OF_ONE", 2)
    streams = event_stream.Streams()

    def code(reader: str) -> str | None:
        return code_of(lambda: streams.check(reader))

    with streams.one_more("app"), streams.one_more("app"):
        assert (code("app"), code("other"), code("")) == ("too_many_streams", None, None)
        with streams.one_more(""), streams.one_more(""):
            assert code("") == code("other") == "too_many_streams"
    assert (code("app"), streams.count, streams.of) == (None, 0, {})


def test_a_client_that_leaves_as_news_come_is_let_go(store: Store) -> None:
    """Whichever of the two is some steps of the event loop earlier, the stream ends."""

    async def run() -> None:
        app = create_app(store)
        async with app.lifespan():
            for steps in range(-5, 6):
                reader = Reader()
                stream = asyncio.create_task(reader.ask(app))
                await reader.wait_for(2)
                await asyncio.sleep(0.01)  # it waits for news
                acts = [reader.left.set, lambda: announce(app)]
                first, second = acts if steps < 0 else reversed(acts)
                first()
                for _ in range(abs(steps)):
                    await asyncio.sleep(0)
                second()
                await asyncio.wait_for(stream, LONGEST_S)

    asyncio.run(run())


def announce(app: Any) -> None:
    """Tell streams that there may be news, as the follower does."""
    news, app.follower.news = app.follower.news, asyncio.Event()
    news.set()


def test_a_worker_has_so_many_streams_and_no_more(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One too many is told to come again, without a line in the log for each; when another leaves
    there is room.
    """
    monkeypatch.setattr(event_stream, "MAX_STREAMS", 1)

    first, refused, second = Reader(), Reader(), Reader()

    async def run() -> None:
        app = create_app(store)
        second.left.set()
        async with app.lifespan():
            stream = asyncio.create_task(first.ask(app))
            await first.wait_for(1)
            await refused.ask(app)
            first.left.set()
            await stream
            await second.ask(app)

    asyncio.run(run())
    assert [reader.sent[0]["status"] for reader in (first, refused, second)] == [200, 503, 200]
    body = json.loads(refused.sent[1]["body"])
    assert (body["code"], "1 open event streams" in body["detail"]) == ("too_many_streams", True)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ("set=nowhere", {}, (404, "unknown_set")),
        ("limit=5", {}, (400, "unknown_parameter")),
        ("after=x", {}, (400, "bad_parameter")),
        ("", {"last-event-id": "x"}, (400, "bad_parameter")),
        ("", {"last-event-id": "-1"}, (400, "bad_parameter")),
    ],
)
def test_a_stream_that_cannot_be_is_a_problem(
    store: Store, query: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """Nothing begins that would end at once."""
    with TestClient(create_app(store)) as client:
        answer = client.get(f"/v1/events?{query}", headers=STREAM | headers)
        assert (answer.status_code, answer.json()["code"]) == expected


def test_head_of_a_stream_ends(store: Store) -> None:
    """Headers and no body, also where the body of a GET would never end."""
    with TestClient(create_app(store)) as client:
        answer = client.head("/v1/events", headers=STREAM)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")


def test_an_event_of_a_later_release_is_told(store: Store) -> None:
    """A kind that this program does not know is no fault of the desk, of the client or of lists."""
    with writing(store.catalog.engine) as tx:
        kind: Any = "from_later"
        append(tx, next_event(tx, kind, SET, "anna", version=1, details={"new": [1]}))
    with TestClient(create_app(store)) as client:
        listed = client.get("/v1/events").json()["events"]
        assert listed[-1]["kind"] == "from_later"
        for page in ("/events", f"/sets/{SET}", "/"):
            assert client.get(page, headers={"accept": "text/html"}).status_code == 200
    assert (
        msgspec.json.decode(msgspec.json.encode(listed), type=list[Event])[-1].kind == "from_later"
    )
