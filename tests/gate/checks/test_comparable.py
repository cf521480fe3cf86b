"""The check `comparable`."""

from __future__ import annotations

from tests.gate.cases import Setting, clean_verdict, frame


def test_passes() -> None:
    """The value is the number of common keys."""
    result = clean_verdict().check("comparable")
    assert (result.status, result.value) == ("pass", 25)


def test_fails() -> None:
    """No common key fails."""
    result = Setting(baseline=frame().clear()).evaluate().check("comparable")
    assert (result.status, result.value) == ("fail", 0)
