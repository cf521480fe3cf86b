"""What is said of a version whose files are gone."""

from __future__ import annotations

from estimates.catalog.expiry import expired_error, expiry_of
from tests.catalog.histories import event, hour, version


def test_the_error_says_when_by_whom_and_why() -> None:
    """By its number, or by the name that meant it."""
    expiry = expiry_of(event(9, "expired", 2, reason="keep_for = 7d"))
    assert (expiry.version, expiry.at, expiry.actor) == (2, hour(9), "ann")
    error = expired_error(version(2), expiry)
    assert error.code == "expired"
    assert error.message.startswith(
        "closes: version 2 expired at 2026-11-24T09:00:00Z by ann (keep_for = 7d); its files are"
    )
    assert error.details == {
        "version": 2,
        "expired_at": "2026-11-24T09:00:00Z",
        "actor": "ann",
        "reason": "keep_for = 7d",
    }
    named = expired_error(version(2), expiry, "canary").message
    assert named.startswith("closes: canary was version 2, which expired at")


def test_without_a_reason_none_is_said() -> None:
    """No empty brackets."""
    expiry = expiry_of(event(9, "expired", 2))
    assert "by ann; its files are gone" in expired_error(version(2), expiry).message
