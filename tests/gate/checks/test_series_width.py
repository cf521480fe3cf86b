"""The check `series_width`."""

from __future__ import annotations

import pytest

from tests.gate.cases import clean_verdict
from tests.gate.faulty_settings import spread


def test_passes() -> None:
    """Widths grow with the values, by 0.1 %."""
    result = clean_verdict().check("series_width")
    assert result.status == "pass"
    assert result.value == pytest.approx(1.001)


def test_fails() -> None:
    """The quantiles of one ticker three times as far apart."""
    result = spread(3.0, 1).evaluate().check("series_width")
    assert result.status == "fail"
    assert result.value == pytest.approx(3.003)
