"""The check `finite_to_null`."""

from __future__ import annotations

from tests.gate.cases import clean_verdict, poke


def test_passes() -> None:
    """Values that stay pass; a null that stays is no loss."""
    result = clean_verdict().check("finite_to_null")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """A value that became null is lost; one that was null is not."""
    result = poke("trend", None, 2).evaluate().check("finite_to_null")
    assert (result.status, result.value) == ("fail", 1)
