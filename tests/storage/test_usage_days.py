"""Counts of reads: added up within a day, and over days."""

from __future__ import annotations

from datetime import date

import pytest

from estimates.storage import usage_days
from estimates.storage.usage_days import ANYBODY, OTHERS, Reads, UsageDay, added, readers_by_set
from tests.catalog.histories import hour


def test_counts_add_up_by_principal_and_set() -> None:
    """With the time of the last; what nobody read since keeps its own."""
    first = added((), {("ann", "b"): 2, (ANYBODY, "a"): 1}, hour(1))
    assert first == (Reads(ANYBODY, "a", 1, hour(1)), Reads("ann", "b", 2, hour(1)))
    second = added(first, {("ann", "b"): 3, ("bea", "a"): 1}, hour(2))
    assert second == (
        Reads(ANYBODY, "a", 1, hour(1)),
        Reads("bea", "a", 1, hour(2)),
        Reads("ann", "b", 5, hour(2)),
    )


def test_beyond_so_many_readers_the_rest_is_one_a_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is known already is counted on; the number of requests stays right."""
    monkeypatch.setattr(usage_days, "MOST_PAIRS", 2)
    reads = added((), {("a", "s"): 1, ("b", "s"): 1, ("c", "s"): 4, ("d", "t"): 2}, hour(1))
    assert {(r.principal, r.set): r.requests for r in reads} == {
        ("a", "s"): 1,
        ("b", "s"): 1,
        (OTHERS, "s"): 4,
        (OTHERS, "t"): 2,
    }
    more = added(reads, {("a", "s"): 1, ("e", "s"): 1}, hour(2))
    assert {(r.principal, r.set): r.requests for r in more}[OTHERS, "s"] == 5
    assert {(r.principal, r.set): r.requests for r in more}["a", "s"] == 2


def test_readers_of_a_set_over_days_and_replicas() -> None:
    """Most requests first, then by name; each with its last time."""
    days = [
        UsageDay(
            "r1", date(2026, 11, 24), (Reads("ann", "s", 1, hour(9)), Reads("bea", "s", 4, hour(1)))
        ),
        UsageDay(
            "r2", date(2026, 11, 25), (Reads("ann", "s", 2, hour(4)), Reads("cat", "t", 1, hour(2)))
        ),
    ]
    assert readers_by_set(days) == {
        "s": [Reads("bea", "s", 4, hour(1)), Reads("ann", "s", 3, hour(9))],
        "t": [Reads("cat", "t", 1, hour(2))],
    }
    assert readers_by_set([]) == {}
