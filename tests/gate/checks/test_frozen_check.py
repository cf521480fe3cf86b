"""The check `frozen`."""

from __future__ import annotations

import pytest

from tests.gate.faulty_settings import frozen_part


def test_passes() -> None:
    """Keys that all moved pass."""
    result = frozen_part(0.0).evaluate().check("frozen")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """300 of 1,000 keys the same in three versions are a share of 30 %."""
    result = frozen_part(0.3).evaluate().check("frozen")
    assert result.status == "fail"
    assert result.value == pytest.approx(0.3)
