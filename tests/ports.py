"""Ports of the loopback for servers that are told their port as a number."""

from __future__ import annotations

import socket

# Bound, and nobody listens on them: a server may, and no other socket is given their ports while
# this process lives. What only looks for a free port may lose it before the server is there.
_held: list[socket.socket] = []


def free_port() -> int:
    """A port that nobody listens on, and that stays the caller's."""
    return _hold(0)


def free_ports(count: int) -> list[int]:
    """So many of them; those with 10,000 added are the caller's, too."""
    ports: list[int] = []
    while len(ports) < count:
        port = free_port()
        try:
            _hold(port + 10_000)
        except (OSError, OverflowError):
            continue
        ports.append(port)
    return ports


def _hold(port: int) -> int:
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
    kept.bind(("127.0.0.1", port))
    _held.append(kept)
    return kept.getsockname()[1]
