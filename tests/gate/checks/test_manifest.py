"""The check `manifest`."""

from __future__ import annotations

from tests.gate.cases import Setting, clean_verdict
from tests.gate.faulty_settings import faulty


def test_passes() -> None:
    """A version with its manifest passes."""
    result = clean_verdict().check("manifest")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """A manifest that cannot be read is a fault."""
    result = faulty("manifest").evaluate().check("manifest")
    assert (result.status, result.value) == ("fail", 1)


def test_fails_without_a_manifest() -> None:
    """A stored version without a manifest is a fault."""
    result = Setting(candidate={"shape": None}).evaluate().check("manifest")
    assert (result.status, result.value) == ("fail", 1)
