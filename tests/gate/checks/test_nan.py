"""The check `nan`."""

from __future__ import annotations

from tests.gate.cases import clean_verdict, poke


def test_passes() -> None:
    """Numbers and nulls pass."""
    result = clean_verdict().check("nan")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """Two NaN cells count twice."""
    result = poke("close", float("nan"), 2).evaluate().check("nan")
    assert (result.status, result.value) == ("fail", 2)
