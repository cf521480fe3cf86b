"""The requests that this worker has answered, counted."""

from __future__ import annotations

from bisect import bisect_left

# Upper ends of the latency buckets, in seconds; the last one has none.
BUCKETS = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
NO_ROUTE = "none"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class RequestCounts:
    """Requests that this process answered: how many and how long.

    rows  by (route template, method, status): the number of requests in each bucket of BUCKETS,
          of those above, and the seconds of all
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, int], list[float]] = {}

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is the template of the path, empty for an unknown one."""
        row = self.rows.get((route, method, status))
        if row is None:
            row = self._row(route, method, status)
        row[bisect_left(BUCKETS, seconds)] += 1
        row[-1] += seconds

    def _row(self, route: str, method: str, status: int) -> list[float]:
        """New counters; methods and paths that clients make up share theirs."""
        labels = (route or NO_ROUTE, method if method in METHODS else "other", status)
        return self.rows.setdefault(labels, [0.0] * (len(BUCKETS) + 2))


request_counts = RequestCounts()
