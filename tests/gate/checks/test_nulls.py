"""The check `nulls`."""

from __future__ import annotations

from tests.gate.cases import clean_verdict, poke


def test_passes() -> None:
    """Nulls of nullable columns pass."""
    result = clean_verdict().check("nulls")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """Three nulls of a column that is not nullable count."""
    result = poke("q10", None, 3).evaluate().check("nulls")
    assert (result.status, result.value) == ("fail", 3)
