"""The check `waivers`."""

from __future__ import annotations

from tests.gate.faulty_settings import waived


def test_passes() -> None:
    """A waiver of this content can count."""
    result = waived("snapshot-2").evaluate().check("waivers")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """A waiver of other content cannot."""
    result = waived("snapshot-9").evaluate().check("waivers")
    assert (result.status, result.value) == ("fail", 1)
