"""The check `minimum_rows`."""

from __future__ import annotations

from tests.gate.faulty_settings import minimum


def test_passes() -> None:
    """As many rows as the minimum pass."""
    result = minimum(20).evaluate().check("minimum_rows")
    assert (result.status, result.value) == ("pass", 20)


def test_fails() -> None:
    """One row fewer fails."""
    result = minimum(19).evaluate().check("minimum_rows")
    assert (result.status, result.value) == ("fail", 19)
