"""A server that answers a byte at a time, for ever: a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SERVER = """
import socket, sys, threading, time

def answer(connection):
    try:
        connection.recv(65536)
        connection.sendall(sys.argv[1].encode())
        while True:
            connection.sendall(b" ")
            time.sleep(float(sys.argv[2]))
    except OSError:  # the client has gone
        pass

with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=answer, args=server.accept()[:1], daemon=True).start()
"""
HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n"


@contextmanager
def dripping(head: str = HEAD, seconds: float = 1.0) -> Iterator[str]:
    """The URL of a server that sends a head to whoever connects, then a byte now and then."""
    command = [sys.executable, "-I", "-S", "-c", _SERVER, head, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()
