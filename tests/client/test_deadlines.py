"""Deadlines for all of a call, where a byte now and then would go on for hours."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from estimates import UnavailableError
from estimates.client import clients
from estimates.client.clients import Client
from estimates.client.deadlines import within


@contextmanager
def dripping(head: bytes, seconds: float = 0.02) -> Iterator[str]:
    """A server that sends a head, and then a byte now and then; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            try:
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(head)
                    while not ended.wait(seconds):
                        connection.sendall(b" ")
            except OSError:  # the client has gone
                pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        ended.set()
        thread.join()


def test_a_call_ends_in_time() -> None:
    """Its result, its error, or that it took too long."""
    assert within(20, lambda: 1) == 1
    with pytest.raises(ZeroDivisionError):
        within(20, lambda: 1 / 0)
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.05 s in all"):
        within(0.05, threading.Event().wait)
    assert time.monotonic() - began < 10


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client does not wait for a body a byte at a time, however long each takes."""
    monkeypatch.setattr(clients, "SLOWEST_BYTES", 1 << 40)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n"
    with (
        dripping(head) as url,
        Client(url, timeout_s=0.2, patience_s=0.0) as client,
        pytest.raises(UnavailableError, match="too slowly"),
    ):
        client.sets()
