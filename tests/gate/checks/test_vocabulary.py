"""The check `vocabulary`."""

from __future__ import annotations

from tests.gate.cases import clean_verdict, poke


def test_passes() -> None:
    """Labels of the contract pass."""
    result = clean_verdict().check("vocabulary")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """Two cells with an unknown label count."""
    result = poke("move", "sideways", 2).evaluate().check("vocabulary")
    assert (result.status, result.value) == ("fail", 2)
