"""A line of so many bytes a second between a program and a server of this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE = 16 * 1024  # bytes


@contextmanager
def slow_line(port: int, rate: int) -> Iterator[int]:
    """The port at which a server's port is reached through the line; `rate` is that of each
    direction, whatever the number of connections.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_accept, args=(listening, port, rate), daemon=True).start()
        yield listening.getsockname()[1]


def _accept(listening: socket.socket, port: int, rate: int) -> None:
    there, back = threading.Lock(), threading.Lock()
    with suppress(OSError):  # the end of the test
        while True:
            client, _ = listening.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for ends, turn in (((client, server), there), ((server, client), back)):
                threading.Thread(target=_carry, args=(*ends, turn, rate), daemon=True).start()


def _carry(start: socket.socket, end: socket.socket, turn: threading.Lock, rate: int) -> None:
    with suppress(OSError):
        while data := start.recv(_PIECE):
            with turn:
                time.sleep(len(data) / rate)
            end.sendall(data)
    for side in (start, end):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
