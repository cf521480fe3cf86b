"""The requests that a worker has answered, counted."""

from __future__ import annotations

import pytest

from estimates_api.serving.request_counts import BUCKETS, NO_ROUTE, RequestCounts


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, 0), (BUCKETS[0], 0), (0.0002, 1), (10.0, 15), (11.0, 16)]
)
def test_buckets(seconds: float, bucket: int) -> None:
    """An end belongs to its bucket; what took longer than the last has one of its own."""
    counts = RequestCounts()
    counts.observe("/a", "GET", 200, seconds)
    row = counts.rows["/a", "GET", 200]
    assert (row[bucket], sum(row[:-1]), row[-1]) == (1, 1, seconds)


def test_what_clients_make_up_is_counted_together() -> None:
    """Or each of their paths and methods would have counters for ever."""
    counts = RequestCounts()
    for i in range(20):
        counts.observe("", f"BREW{i}", 404, 0.5)
    assert list(counts.rows) == [(NO_ROUTE, "other", 404)]
    assert counts.rows[NO_ROUTE, "other", 404][-1] == 10.0
