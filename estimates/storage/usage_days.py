"""What is counted of who reads which sets: a day of a replica, and sums of days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

import msgspec

ANYBODY = ""  # who reads where no token is wanted
OTHERS = "*"  # whoever came after MOST_PAIRS
MOST_PAIRS = 1000  # of a principal and a set, a day and replica; beyond them there is one a set

# (principal, set) → how often
Counts = Mapping[tuple[str, str], int]


class Reads(msgspec.Struct, frozen=True):
    """What a principal read of a set on a day.

    principal  name of a token, subject of a JWT; `ANYBODY` without one, `OTHERS` for the rest
    requests   answers with estimates, or with what is made of them
    last_at    when the last of them was written down
    """

    principal: str
    set: str
    requests: int
    last_at: datetime


class UsageDay(msgspec.Struct, frozen=True):
    """The record of a replica and a day in UTC.

    replica  16 hexadecimal digits
    """

    replica: str
    day: date
    reads: tuple[Reads, ...]


def added(reads: Iterable[Reads], counts: Counts, now: datetime) -> tuple[Reads, ...]:
    """Reads of a day with more counted, by set and principal; at most MOST_PAIRS, and one a set for
    others.
    """
    known = {(row.principal, row.set): row for row in reads}
    for (principal, name), count in sorted(counts.items()):
        key = (principal, name)
        if key not in known and len(known) >= MOST_PAIRS:
            key = (OTHERS, name)
        before = known[key].requests if key in known else 0
        known[key] = Reads(*key, before + count, now)
    return tuple(sorted(known.values(), key=lambda row: (row.set, row.principal)))


def readers_by_set(days: Iterable[UsageDay]) -> dict[str, list[Reads]]:
    """The reads of each set over all days and replicas, a row a principal; most requests first."""
    sums: dict[tuple[str, str], Reads] = {}
    for row in (row for day in days for row in day.reads):
        before = sums.get((row.set, row.principal), row)
        requests = row.requests + (0 if before is row else before.requests)
        sums[row.set, row.principal] = Reads(
            row.principal, row.set, requests, max(before.last_at, row.last_at)
        )
    by_set: dict[str, list[Reads]] = {}
    for row in sorted(sums.values(), key=lambda row: (row.set, -row.requests, row.principal)):
        by_set.setdefault(row.set, []).append(row)
    return by_set
