"""The check `zero_width`."""

from __future__ import annotations

import pytest

from tests.gate.cases import Setting, many_setting
from tests.gate.faulty_settings import without_width


def test_passes() -> None:
    """Intervals with a width pass."""
    result = Setting().evaluate().check("zero_width")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """Two intervals of a thousand without width are a share of 0.2 %."""
    result = many_setting(without_width).evaluate().check("zero_width")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.002)
