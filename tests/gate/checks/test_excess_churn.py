"""The check `excess_churn`."""

from __future__ import annotations

import pytest

from tests.gate.cases import outcomes
from tests.gate.faulty_settings import half_right, relabelled


def test_passes() -> None:
    """Labels that stay pass."""
    result = relabelled(0, actuals=outcomes()).evaluate().check("excess_churn")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """60 labels changed and the error rate stayed: 6 % for nothing."""
    result = relabelled(60, actuals=half_right()).evaluate().check("excess_churn")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.06)
