"""What a contract promises of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from estimates.contract.promised_freshness import Freshness


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"window": "3h"}, "it needs 'due'"),
        ({"cadence": "0d"}, "longer than 0"),
        ({"max_age": "0h"}, "longer than 0"),
        ({"due": "05:30 UTC", "window": "0h"}, "longer than 0"),
        ({"due": "5:30 UTC"}, "5:30"),
        ({"due": "05:30 Moon/Base"}, "Moon/Base"),
        ({"due": "05:30 UTC", "calendar": "sometimes"}, "sometimes"),
    ],
)
def test_promises_that_cannot_be_kept(fields: dict[str, Any], fault: str) -> None:
    """Each is refused when the contract is read."""
    with pytest.raises(ValueError, match=fault):
        Freshness(**fields)


def test_durations_are_there_where_the_contract_says_them() -> None:
    """None otherwise."""
    assert Freshness().cadence_duration is Freshness().max_age_duration is None
    promise = Freshness(cadence="1d12h", max_age="2w")
    assert promise.cadence_duration == timedelta(hours=36)
    assert promise.max_age_duration == timedelta(days=14)


def test_the_window_before_a_deadline() -> None:
    """The one that a moment lies in, else the nearest; none without a window."""
    promise = Freshness(due="06:00 UTC", window="2h")
    inside = promise.window_around(datetime(2026, 11, 24, 5, tzinfo=UTC))
    assert inside is not None
    assert (inside.opens.hour, inside.closes.hour, inside.closes.day) == (4, 6, 24)
    near = promise.window_around(datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert near is not None
    assert near.closes.day == 24
    assert Freshness(due="06:00 UTC").window_around(datetime(2026, 11, 24, tzinfo=UTC)) is None
    assert Freshness().deadlines is None
