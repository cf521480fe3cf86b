"""The check `extreme_move`."""

from __future__ import annotations

import pytest

from tests.gate.cases import many_setting
from tests.gate.faulty_settings import first


def test_passes() -> None:
    """A move of 0.1 % is a hundredth of a half width of 10 %."""
    result = many_setting(lambda rows: rows).evaluate().check("extreme_move")
    assert result.status == "pass"
    assert result.value == pytest.approx(0.01)


def test_warns() -> None:
    """100 becomes 150.15, and the half width was 10."""
    result = first("v", 1.5, 1).evaluate().check("extreme_move")
    assert result.status == "warn"
    assert result.value == pytest.approx(5.015)
