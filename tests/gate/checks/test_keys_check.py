"""The check `keys`."""

from __future__ import annotations

from tests.gate.cases import Setting, clean_verdict, poke
from tests.gate.faulty_settings import duplicated


def test_passes() -> None:
    """Keys that differ and fit a path pass."""
    result = clean_verdict().check("keys")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """Both rows of one key count."""
    result = Setting(frame=duplicated()).evaluate().check("keys")
    assert (result.status, result.value) == ("fail", 2)


def test_fails_for_a_null() -> None:
    """A key with a null part counts."""
    result = poke("ticker", None).evaluate().check("keys")
    assert (result.status, result.value) == ("fail", 1)


def test_fails_for_a_part_unfit_for_a_path() -> None:
    """A part that no URL path can hold counts."""
    result = poke("ticker", "..").evaluate().check("keys")
    assert (result.status, result.value) == ("fail", 1)
