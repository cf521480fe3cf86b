"""The check `domain_outside`."""

from __future__ import annotations

from tests.gate.cases import clean_verdict, poke


def test_passes() -> None:
    """Keys of the domain pass."""
    result = clean_verdict().check("domain_outside")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """Two keys of an unknown ticker count."""
    result = poke("ticker", "XXXX", 2).evaluate().check("domain_outside")
    assert (result.status, result.value) == ("fail", 2)
