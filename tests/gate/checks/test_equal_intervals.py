"""The check `equal_intervals`."""

from __future__ import annotations

from tests.gate.faulty_settings import two_levels


def test_passes() -> None:
    """Intervals of two widths pass."""
    result = two_levels(1.1, 1.2).evaluate().check("equal_intervals")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """The same interval for both levels, in every row, is a share of 1."""
    result = two_levels(1.2, 1.2).evaluate().check("equal_intervals")
    assert (result.status, result.value) == ("fail", 1)
