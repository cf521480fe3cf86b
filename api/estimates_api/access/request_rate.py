"""How often somebody may ask: a bucket of requests that fills steadily."""

from __future__ import annotations

from time import monotonic

from cachetools import LRUCache

from estimates.errors import UnavailableError

_BURST = 2.0  # seconds' worth of requests that may come at once
_NAMES = 10_000  # whoever was not seen for longest has a full bucket again


class RequestRate:
    """Counts the requests of each name.

    per_second  how many each may make on average
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second * _BURST)
        # name: what is in its bucket, and when that was so
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(_NAMES)

    def take(self, name: str) -> None:
        """One request of this name; raises UnavailableError (`too_many_requests`), whose details
        have `retry_after`, in whole seconds.
        """
        now = monotonic()
        left, then = self._buckets.get(name, (self._most, now))
        left = min(self._most, left + (now - then) * self._per_second)
        if left < 1:
            self._buckets[name] = left, now
            wait = max(1, round((1 - left) / self._per_second))
            raise UnavailableError(
                "too_many_requests",
                f"more than {self._per_second:g} requests a second",
                remedy=f"ask again in {wait} s; batches have many keys in a request",
                retry_after=wait,
            )
        self._buckets[name] = left - 1, now
