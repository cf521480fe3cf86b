"""What is counted of who reads what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from estimates.access.principal import Principal
from estimates.storage.usage_days import ANYBODY, MOST_PAIRS, OTHERS
from estimates.storage.usage_record import UsageRecord
from estimates_api.serving.usage_counts import UsageCounts

_ROUTE = "/v1/sets/{set}/estimates/{key}"


class Taking(UsageRecord):
    """A record that remembers what it is given, or cannot be written."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.taken: list[dict[Any, int]] = []
        self.fails = False
        self.meanwhile: Callable[[], None] = lambda: None

    def add(self, counts: Any) -> None:
        """Take counts."""
        if self.fails:
            self.meanwhile()
            raise OSError(28, "No space left on device")
        self.taken.append(dict(counts))


@pytest.fixture
def record() -> Taking:
    """Where counts go."""
    return Taking()


@pytest.fixture
def counts(record: Taking) -> UsageCounts:
    """Counts of a service with one route about estimates."""
    counts = UsageCounts(record)
    counts._routes = {_ROUTE}
    return counts


def scope(name: str, by: str | None = None, **more: Any) -> dict[str, Any]:
    """A request about a set, by somebody."""
    principal = None if by is None else Principal(by)
    return {"path": f"/v1/sets/{name}/estimates/a", "principal": principal} | more


def test_answers_are_counted_by_principal_and_set(counts: UsageCounts, record: Taking) -> None:
    """Refusals and other routes are not; a name is what it is before it was encoded."""
    counts.observe(scope("s"), _ROUTE, 200)
    counts.observe(scope("s", "ann"), _ROUTE, 304)
    counts.observe(scope("s", "ann"), _ROUTE, 200)
    counts.observe(scope("?", "ann", path_params={"set": "a%20b"}), _ROUTE, 206)
    counts.observe(scope("s"), _ROUTE, 404)
    counts.observe(scope("s"), "/v1/sets/{set}", 200)
    counts.flush()
    counts.flush()
    assert record.taken == [{(ANYBODY, "s"): 1, ("ann", "s"): 2, ("ann", "a b"): 1}]


def test_counts_wait_for_a_disk(counts: UsageCounts, record: Taking) -> None:
    """They are kept, with what came since, and nothing is counted twice."""
    counts.observe(scope("s"), _ROUTE, 200)
    record.fails = True
    record.meanwhile = lambda: counts.observe(scope("s"), _ROUTE, 200)
    counts.flush()
    record.meanwhile = lambda: None
    counts.observe(scope("s"), _ROUTE, 200)
    counts.flush()
    record.fails = False
    counts.flush()
    assert record.taken == [{(ANYBODY, "s"): 3}]


def test_many_principals(counts: UsageCounts, record: Taking) -> None:
    """Beyond a number of pairs they are counted together, so that the record has a bound."""
    for i in range(MOST_PAIRS + 3):
        counts.observe(scope("s", f"p{i}"), _ROUTE, 200)
    counts.observe(scope("s", "p0"), _ROUTE, 200)
    counts.flush()
    assert record.taken[0][OTHERS, "s"] == 3
    assert record.taken[0]["p0", "s"] == 2
