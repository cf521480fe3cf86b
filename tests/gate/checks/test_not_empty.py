"""The check `not_empty`."""

from __future__ import annotations

from tests.gate.cases import Setting, clean_verdict, frame


def test_passes() -> None:
    """The value is the number of rows."""
    result = clean_verdict().check("not_empty")
    assert (result.status, result.value) == ("pass", 25)


def test_fails() -> None:
    """No rows fail."""
    result = Setting(frame=frame().clear()).evaluate().check("not_empty")
    assert (result.status, result.value) == ("fail", 0)
