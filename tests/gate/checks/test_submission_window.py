"""The check `submission_window`."""

from __future__ import annotations

from datetime import timedelta

from tests.gate.cases import THROUGH, Setting, clean_verdict, contract

FRESH = 'max_age = "24h"'
TAKEN = f'{FRESH}\ndue = "23:00 UTC"\nwindow = "3h"\ncalendar = "weekdays"'  # from 20:00 on


def came(hours: float, more: str = "") -> Setting:
    """A version that came so long after Friday, 21:00."""
    of = contract(FRESH, TAKEN + more)
    return Setting(of, candidate={"published_at": THROUGH + timedelta(hours=hours)})


def test_passes() -> None:
    """A version of the hours before a deadline is 0 seconds outside, its last moment included."""
    results = [came(hours).evaluate().check("submission_window") for hours in (1, 2)]
    assert [(result.status, result.value) for result in results] == [("pass", 0)] * 2


def test_warns() -> None:
    """What comes an hour late warns and says when the window closed; days later the next counts."""
    late = came(3).evaluate().check("submission_window")
    assert (late.status, late.value) == ("warn", 3600)
    assert "closed on 2026-11-20 23:00:00 UTC, and it is 2026-11-21 00:00" in late.message
    early = came(70).evaluate().check("submission_window")  # Monday at 19:00
    assert (early.status, early.value) == ("warn", 3600)
    assert "opens on 2026-11-23 20:00 UTC" in early.message


def test_fails() -> None:
    """A contract that says so refuses it."""
    refusing = '\n[gate.checks.submission_window]\nseverity = "block"'
    result = came(3, refusing).evaluate().check("submission_window")
    assert (result.status, result.block) == ("fail", 0)


def test_a_set_without_a_window_takes_versions_at_any_time() -> None:
    """Without `window` it says nothing."""
    assert clean_verdict().check("submission_window").reason == "not_in_contract"
