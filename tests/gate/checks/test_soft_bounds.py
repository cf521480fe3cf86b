"""The check `soft_bounds`."""

from __future__ import annotations

import pytest

from tests.gate.cases import poke


def test_passes() -> None:
    """A value at its bound passes."""
    result = poke("close", 2000.0).evaluate().check("soft_bounds")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """A value of 25 above `soft_max` is a share of 4 %."""
    result = poke("close", 2000.1).evaluate().check("soft_bounds")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.04)
