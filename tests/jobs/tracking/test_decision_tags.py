"""What MLflow runs are told of what people decided."""

from __future__ import annotations

from estimates_jobs.tracking.decision_tags import decision_tags
from tests.catalog.histories import event, promoted, rolled_back, set_of

APPROVED = {"request": 7, "approved_by": ["bea", "cat"], "asked_by": "ann"}


def test_a_version_that_production_left_says_so() -> None:
    """The last time; other aliases are none of it."""
    tags = decision_tags(
        set_of(
            promoted(1, 1),
            promoted(2, 2),
            rolled_back(3, 1, 2, reason="wrong"),
            rolled_back(4, 1, 3, reason="x", alias="canary"),
            rolled_back(5, 1, 2, reason="still wrong", claimed="dan"),
        )
    )
    assert tags == {2: {"rolled_back": "2026-11-24T05:00:00Z by ann, as dan: still wrong"}}


def test_who_approved_what_is_in_production() -> None:
    """While it is; moves of other aliases do not count."""
    approved = promoted(3, 2, details=APPROVED)
    tags = decision_tags(set_of(approved, promoted(4, 1, alias="canary")))
    said = "2026-11-24T03:00:00Z by bea, cat, asked by ann (request 7)"
    assert tags == {2: {"approved": said}}
    assert decision_tags(set_of(approved, promoted(4, 3))) == {}
    assert decision_tags(set_of(event(1, "judged", 1))) == {}
