"""Telling whoever asks what was known when that versions claim their releases."""

from __future__ import annotations

from estimates_jobs.cli.output.claimed_releases import unread_claims
from tests.catalog.histories import hour, version


def test_claims_that_are_not_read() -> None:
    """Only where some version claims one, and the question does not go by them already."""
    plain, claiming = version(1), version(2, released_at=hour(-50))
    assert "--clock released" in (unread_claims([plain, claiming], None) or "")
    assert unread_claims([plain], None) is None
    assert unread_claims([claiming], "released") is None
    assert unread_claims([], None) is None
