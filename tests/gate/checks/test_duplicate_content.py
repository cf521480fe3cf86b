"""The check `duplicate_content`."""

from __future__ import annotations

import pytest

from tests.gate.cases import Setting
from tests.gate.faulty_settings import copied


def test_passes() -> None:
    """Rows that all differ pass."""
    result = Setting().evaluate().check("duplicate_content")
    assert (result.status, result.value) == ("pass", 0)


def test_warns() -> None:
    """Two of 25 rows with the same estimates are a share of 8 %."""
    result = Setting(frame=copied()).evaluate().check("duplicate_content")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.08)
