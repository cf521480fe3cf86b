"""A server that answers from a script and counts what it was asked, for what a real service does
not do on demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

import msgspec

HEAD = {
    "estimates-version": "1",
    "estimates-shape": "1",
    "estimates-published-at": "2026-01-01T00:00:00Z",
    "estimates-data-through": "2026-01-01T00:00:00Z",
    "estimates-as-of": "2026-01-01T00:00:00Z",
}
BODY = b'{"set":"s","version":1,"estimate":{"k":"a","v":1.0}}'


class Scripted(NamedTuple):
    """A reply, given after a while; status 0 closes the connection without one."""

    status: int
    body: bytes = BODY
    type: str = "application/json"
    headers: dict[str, str] = HEAD
    after_s: float = 0.0


class Posted(NamedTuple):
    """What was sent: method and target, the headers (names in lower case), the body."""

    line: str
    headers: dict[str, str]
    body: bytes


class Stub:
    """Gives the replies of its script in order, the last one for ever.

    requests  of each request: when, method and target, If-None-Match
    posted    the same requests with all that was sent
    """

    def __init__(self, *replies: Scripted) -> None:
        self.url = ""
        self.replies = list(replies)
        self.requests: list[tuple[float, str, str | None]] = []
        self.posted: list[Posted] = []

    def next(self, line: str, condition: str | None) -> Scripted:
        """The reply to a request."""
        self.requests.append((monotonic(), line, condition))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def pauses_s(self) -> list[float]:
        """The times between requests."""
        return [
            later[0] - earlier[0]
            for earlier, later in zip(self.requests, self.requests[1:], strict=False)
        ]


@contextmanager
def stub(*replies: Scripted, port: int = 0) -> Iterator[Stub]:
    """A real server on the loopback."""
    script = Stub(*replies)
    closed = Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer from the script."""
            line = f"{self.command} {self.path}"
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            script.posted.append(
                Posted(line, {name.lower(): text for name, text in self.headers.items()}, body)
            )
            reply = script.next(line, self.headers.get("if-none-match"))
            if closed.wait(reply.after_s) or reply.status == 0:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in (reply.headers | {"content-type": reply.type}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield script
    finally:
        closed.set()
        server.shutdown()
        server.server_close()


def problem(
    status: int, code: str, headers: dict[str, str] | None = None, **details: object
) -> Scripted:
    """A problem as the service writes it."""
    body = msgspec.json.encode(
        {"title": "T", "status": status, "code": code, "detail": "what to do", **details}
    )
    return Scripted(status, body, "application/problem+json", headers or {})
