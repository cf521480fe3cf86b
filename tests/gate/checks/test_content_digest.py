"""The check `content_digest`."""

from __future__ import annotations

from tests.gate.cases import clean_verdict
from tests.gate.faulty_settings import faulty


def test_passes() -> None:
    """A version whose files match passes."""
    result = clean_verdict().check("content_digest")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """A file unlike its digest is a fault."""
    result = faulty("content").evaluate().check("content_digest")
    assert (result.status, result.value) == ("fail", 1)
