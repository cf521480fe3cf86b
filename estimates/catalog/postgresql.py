"""Connections to PostgreSQL that end when the server stays silent, whatever it is that hangs."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import psycopg

CONNECT_S = 2
LOCK_S = 10  # how long a writer waits for another one
STATEMENT_S = 60  # any statement, with the sending of its rows
SILENCE_S = 15  # without a single byte of an answer
ABANDONED_S = 120  # a transaction whose program does nothing any more
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": SILENCE_S * 1000,
}


class BoundConnection(psycopg.Connection[Any]):
    """A connection that is closed when its server says nothing for SILENCE_S: a server that hangs
    enforces no timeout of its own, and its system still answers every probe.
    """

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """What psycopg does at all times at which it waits; raises OperationalError."""
        return super().wait(self._bounded(gen), *args, **options)

    def _bounded(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        try:
            wanted = next(gen)
            silent_since = time.monotonic()
            while True:
                ready = yield wanted
                if ready:
                    silent_since = time.monotonic()
                elif time.monotonic() - silent_since > SILENCE_S:
                    self.close()
                    raise psycopg.OperationalError(f"no answer within {SILENCE_S} s")
                wanted = gen.send(ready)
        except StopIteration as stop:
            return stop.value


def connect(arguments: tuple[Any, ...], options: dict[str, Any]) -> BoundConnection:
    """A connection whose waiting is bounded; what its URL says goes before."""
    bounds: dict[str, Any] = {
        "connect_timeout": CONNECT_S,
        "prepare_threshold": None,  # what a pooler gives to another server next does not know
        **_KEEPALIVE,
    }
    return BoundConnection.connect(*arguments, **bounds | options)


def limits(patient: bool) -> str:
    """The statement that gives a session its limits; those of patience are for migrations."""
    statement_s = 0 if patient else STATEMENT_S
    return (
        f"SET statement_timeout = '{statement_s}s'; SET lock_timeout = '{LOCK_S}s'; "
        f"SET idle_in_transaction_session_timeout = '{ABANDONED_S}s'"
    )
