"""The record of who reads what: sums, bounds, days, other replicas."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from estimates.errors import InvalidError
from estimates.storage import usage_days, usage_record
from estimates.storage.usage_days import OTHERS, Reads, UsageDay, added, readers_by_set
from estimates.storage.usage_record import UsageRecord

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What the clock says: its last element."""
    times = [NOW]
    monkeypatch.setattr(usage_record.instants, "now", lambda: times[-1])
    return times


def test_processes_share_a_day(tmp_path: Path, clock: list[datetime]) -> None:
    """What several workers count is one file a day, which only its owner may read."""
    for _ in range(2):
        UsageRecord(tmp_path).add({("app", "demand"): 2, ("ann", "demand"): 1})
    [day] = UsageRecord(tmp_path).read()
    assert [(row.principal, row.requests) for row in day.reads] == [("ann", 2), ("app", 4)]
    assert {row.last_at for row in day.reads} == {NOW}
    [path] = tmp_path.glob("usage/*/*.json")
    assert (path.name, path.stat().st_mode & 0o777) == ("2026-11-30.json", 0o600)


def test_old_days_go(tmp_path: Path, clock: list[datetime]) -> None:
    """When a day begins, those before the ones that are kept are removed."""
    record = UsageRecord(tmp_path, days=2)
    for day in (1, 2, 3, 4):
        clock.append(datetime(2026, 12, day, tzinfo=UTC))
        record.add({("app", "demand"): 1})
    assert [day.day.day for day in record.read()] == [2, 3, 4]
    assert [day.day.day for day in record.read(date(2026, 12, 4))] == [4]


def test_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes after so many pairs is counted among the others of the set."""
    monkeypatch.setattr(usage_days, "MOST_PAIRS", 2)
    first = added((), {("a", "x"): 1, ("b", "x"): 1}, NOW)
    later = added(first, {("a", "x"): 1, ("c", "x"): 5, ("d", "x"): 5, ("e", "y"): 1}, NOW)
    assert [(row.principal, row.set, row.requests) for row in later] == [
        (OTHERS, "x", 10),
        ("a", "x", 2),
        ("b", "x", 1),
        (OTHERS, "y", 1),
    ]


def test_what_was_pulled_counts_once(tmp_path: Path, clock: list[datetime]) -> None:
    """A day of a replica that comes again stands in place of the one before."""
    record = UsageRecord(tmp_path)
    record.add({("app", "demand"): 1})
    for requests in (2, 3):
        row = Reads("app", "demand", requests, NOW)
        record.take(UsageDay("0" * 16, date(2026, 11, 29), (row,)))
    [row] = readers_by_set(record.read())["demand"]
    assert row.requests == 4
    with pytest.raises(InvalidError, match="evil"):
        record.take(UsageDay("../evil", date(2026, 11, 29), ()))


def test_a_damaged_day_is_left_out(tmp_path: Path, clock: list[datetime]) -> None:
    """What cannot be read counts for nothing, and the next count begins it anew."""
    record = UsageRecord(tmp_path)
    record.add({("app", "demand"): 1})
    [path] = tmp_path.glob("usage/*/*.json")
    path.write_text("{")
    assert list(record.read()) == []
    record.add({("app", "demand"): 1})
    assert [day.reads[0].requests for day in record.read()] == [1]


def test_a_day_that_cannot_be_written_leaves_nothing(tmp_path: Path, clock: list[datetime]) -> None:
    """A service tries again and again on a disk that is full."""
    record = UsageRecord(tmp_path)
    record.add({})
    [path] = (tmp_path / "usage").glob("*/*.json")
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match=path.name):
        record.add({})
    assert list(path.parent.iterdir()) == [path]
