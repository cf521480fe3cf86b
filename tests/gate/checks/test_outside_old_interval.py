"""The check `outside_old_interval`."""

from __future__ import annotations

import pytest

from tests.gate.cases import many_setting
from tests.gate.faulty_settings import first


def test_passes() -> None:
    """Points inside their old intervals pass."""
    result = many_setting(lambda rows: rows).evaluate().check("outside_old_interval")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """250 of 1,000 points lie above their old upper end."""
    result = first("v", 1.11, 250).evaluate().check("outside_old_interval")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.25)
