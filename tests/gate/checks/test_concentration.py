"""The check `concentration`."""

from __future__ import annotations

import pytest

from tests.gate.cases import many_setting
from tests.gate.faulty_settings import first


def test_passes() -> None:
    """Moves in proportion: the ten largest keys have their share of the sum."""
    result = many_setting(lambda rows: rows).evaluate().check("concentration")
    assert result.status == "pass"
    assert result.value == pytest.approx(10945 / 599500)


def test_warns() -> None:
    """Ten keys times three move more than all others."""
    result = first("v", 3.0, 10).evaluate().check("concentration")
    assert result.status == "warn"
    assert result.value == pytest.approx((6355 * 2.003) / (6355 * 2.003 + 593145 * 0.001))
