"""Answers kept for conditional requests: the least recently used ones go first.

An OrderedDict, and not cachetools: the client depends on httpx and msgspec alone.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from estimates.client.plans import Reply

_HEAD_BYTES = 500  # URL and headers of an entry, about: an estimate is small, so that they count


class ResponseCache:
    """Replies with an entity tag by name, up to a number of bytes in all; threads may share it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str) -> Reply | None:
        """The reply of a name."""
        with self._lock:
            if name in self._replies:
                self._replies.move_to_end(name)
            return self._replies.get(name)

    def put(self, name: str, reply: Reply) -> None:
        """Keep a reply in place of the one before; one that is larger than the limit is not
        kept.
        """
        with self._lock:
            self._remove(name)
            if _size(name, reply) > self._limit_bytes:
                return
            self._replies[name] = reply
            self._size_bytes += _size(name, reply)
            while self._size_bytes > self._limit_bytes:
                self._remove(next(iter(self._replies)))

    def _remove(self, name: str) -> None:
        old = self._replies.pop(name, None)
        if old is not None:
            self._size_bytes -= _size(name, old)


def _size(name: str, reply: Reply) -> int:
    return len(name) + len(reply.body) + _HEAD_BYTES
