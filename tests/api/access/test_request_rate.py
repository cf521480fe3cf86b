"""Rates: a bucket for each name."""

from __future__ import annotations

import pytest

from estimates.errors import UnavailableError
from estimates_api.access import request_rate
from estimates_api.access.request_rate import RequestRate


def test_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the rate may come at once, then the rate; another name has a bucket of its own."""
    now = 100.0
    monkeypatch.setattr(request_rate, "monotonic", lambda: now)
    rate = RequestRate(2)
    for _ in range(4):
        rate.take("ann")
    with pytest.raises(UnavailableError, match="2 requests a second") as refused:
        rate.take("ann")
    assert refused.value.details == {"retry_after": 1}
    rate.take("bob")
    now = 100.5
    rate.take("ann")
    with pytest.raises(UnavailableError):
        rate.take("ann")
