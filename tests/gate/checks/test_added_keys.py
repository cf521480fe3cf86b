"""The check `added_keys`."""

from __future__ import annotations

import pytest

from tests.gate.cases import Setting, clean_verdict, frame


def test_passes() -> None:
    """The baseline's keys pass."""
    result = clean_verdict().check("added_keys")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """5 keys beside the baseline's 20 are a share of 25 %."""
    result = Setting(baseline=frame().slice(5)).evaluate().check("added_keys")
    assert result.status == "fail"
    assert result.value == pytest.approx(0.25)
