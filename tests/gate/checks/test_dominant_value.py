"""The check `dominant_value`."""

from __future__ import annotations

import pytest

from tests.gate.cases import Setting, poke


def test_passes() -> None:
    """Of 24 values that all differ each has a share of 1/24."""
    result = Setting().evaluate().check("dominant_value")
    assert result.status == "pass"
    assert result.value == pytest.approx(1 / 24)


def test_warns() -> None:
    """14 zeros of 25 values are a share of 56 %."""
    result = poke("trend", 0.0, 14).evaluate().check("dominant_value")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.56)
