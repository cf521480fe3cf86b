"""The check `z_beyond_one`."""

from __future__ import annotations

import pytest

from tests.gate.cases import many_setting
from tests.gate.faulty_settings import first


def test_passes() -> None:
    """Moves within a half width pass."""
    result = many_setting(lambda rows: rows).evaluate().check("z_beyond_one")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """250 of 1,000 points moved by 11 % with half widths of 10 %."""
    result = first("v", 1.11, 250).evaluate().check("z_beyond_one")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.25)
