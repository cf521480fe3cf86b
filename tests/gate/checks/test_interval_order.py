"""The check `interval_order`."""

from __future__ import annotations

from tests.gate.cases import clean_verdict, poke


def test_passes() -> None:
    """Points inside their intervals pass."""
    result = clean_verdict().check("interval_order")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """A point outside its interval counts."""
    result = poke("close", 1900.0).evaluate().check("interval_order")
    assert (result.status, result.value) == ("fail", 1)


def test_fails_for_one_end() -> None:
    """An interval with one end missing counts."""
    result = poke("upper_80", None).evaluate().check("interval_order")
    assert (result.status, result.value) == ("fail", 1)
