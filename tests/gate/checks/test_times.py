"""The check `times`."""

from __future__ import annotations

from datetime import timedelta

from tests.gate.cases import THROUGH, Setting, clean_verdict


def test_passes() -> None:
    """Data before publication before judgement passes."""
    result = clean_verdict().check("times")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """Data that ends after the judgement counts."""
    result = Setting(judged_at=THROUGH - timedelta(seconds=1)).evaluate().check("times")
    assert (result.status, result.value) == ("fail", 1)
