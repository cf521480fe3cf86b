"""Answers kept for conditional requests: the least recently used ones go first."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from estimates.client.messages import Reply


class Cache:
    """Replies with an entity tag by URL, up to a number of body bytes in all; usable from threads."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self._lock = Lock()

    def get(self, url: str) -> Reply | None:
        """The reply kept for a URL."""
        with self._lock:
            if url in self._replies:
                self._replies.move_to_end(url)
            return self._replies.get(url)

    def put(self, url: str, reply: Reply) -> None:
        """Keep a reply in place of the one before; one that is larger than all there is room for is
        not kept.
        """
        with self._lock:
            self._forget(url)
            if _size(url, reply) > self._limit_bytes:
                return
            self._replies[url] = reply
            self._size_bytes += _size(url, reply)
            while self._size_bytes > self._limit_bytes:
                self._forget(next(iter(self._replies)))

    def _forget(self, url: str) -> None:
        old = self._replies.pop(url, None)
        if old is not None:
            self._size_bytes -= _size(url, old)


def _size(url: str, reply: Reply) -> int:
    """Bytes of an entry: an estimate is small, so URL and headers (about 500 bytes) count."""
    return len(url) + len(reply.body) + 500
