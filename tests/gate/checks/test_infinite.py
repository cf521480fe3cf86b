"""The check `infinite`."""

from __future__ import annotations

from tests.gate.cases import clean_verdict, poke


def test_passes() -> None:
    """Finite numbers pass."""
    result = clean_verdict().check("infinite")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """An infinite end of an interval counts."""
    result = poke("upper_80", float("inf")).evaluate().check("infinite")
    assert (result.status, result.value) == ("fail", 1)
