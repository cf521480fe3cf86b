"""The check `new_duplicates`."""

from __future__ import annotations

import pytest

from tests.gate.cases import Setting, clean_verdict
from tests.gate.faulty_settings import copied


def test_passes() -> None:
    """No duplicates pass."""
    result = clean_verdict().check("new_duplicates")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """Two of 25 rows, none in the baseline: the share grows by 8 %."""
    result = Setting(frame=copied()).evaluate().check("new_duplicates")
    assert result.status == "fail"
    assert result.value == pytest.approx(0.08)
