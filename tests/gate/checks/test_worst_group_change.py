"""The check `worst_group_change`."""

from __future__ import annotations

import pytest

from tests.gate.cases import many_setting
from tests.gate.faulty_settings import first


def test_passes() -> None:
    """A move of 0.1 % everywhere passes."""
    result = many_setting(lambda rows: rows).evaluate().check("worst_group_change")
    assert result.status == "pass"
    assert result.value == pytest.approx(0.001 / 1.0005)


def test_warns() -> None:
    """One group times 1.25125: r is 0.25125 of the mean of old and new."""
    result = first("v", 1.25, 500).evaluate().check("worst_group_change")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.25125 / 1.125625)
