"""The check `nested_intervals`."""

from __future__ import annotations

from tests.gate.faulty_settings import two_levels


def test_passes() -> None:
    """An 80 % interval inside the 95 % interval passes."""
    result = two_levels(1.1, 1.2).evaluate().check("nested_intervals")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """An 80 % interval beyond the 95 % interval counts for every row."""
    result = two_levels(1.2, 1.1).evaluate().check("nested_intervals")
    assert (result.status, result.value) == ("fail", 1000)
