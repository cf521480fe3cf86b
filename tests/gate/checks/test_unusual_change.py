"""The check `unusual_change`."""

from __future__ import annotations

import pytest

from tests.gate.faulty_settings import scaled, usual


def test_passes() -> None:
    """A version that changes every key, where that is usual, passes."""
    result = scaled(1.05, history=usual(1.0)).evaluate().check("unusual_change")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """Every key changed where 0.1 % was the most: 99.9 % beyond it."""
    result = scaled(1.05, history=usual(0.001)).evaluate().check("unusual_change")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.999)
