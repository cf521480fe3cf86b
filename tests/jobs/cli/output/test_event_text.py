"""An event of the log in a few words."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from estimates.catalog.event_kinds import EventKind
from estimates_jobs.cli.output.event_text import event_text
from tests.catalog.histories import event


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("promoted", {"version": 3, "from_version": 2, "alias": "production"}, "production 2 → 3"),
        ("promoted", {"version": 1, "alias": "production"}, "production → 1"),
        (
            "promoted",
            {"version": 3, "from_version": 2, "alias": "production", "automatic": True},
            "production 2 → 3 automatically",
        ),
        (
            "rolled_back",
            {"version": 1, "from_version": 2, "alias": "production"},
            "production 2 → 1, held",
        ),
        (
            "promoted",
            {"version": 2, "alias": "beta", "details": {"request": 4, "asked_by": "ann"}},
            "beta → 2, as ann asked",
        ),
        ("alias_removed", {"from_version": 2, "alias": "beta"}, "beta removed, it was 2"),
        (
            "judged",
            {"version": 2, "blocks": True, "details": {"outcome": "fail"}},
            "version 2 judged: fail, blocks",
        ),
        (
            "waived",
            {"version": 2, "details": {"check": "nan", "until": "T", "keys": 2}},
            "version 2: nan waived until T for 2 keys",
        ),
        (
            "waived",
            {"version": 2, "details": {"check": "nan", "until": "T", "keys": None}},
            "version 2: nan waived until T",
        ),
        ("hold_placed", {"version": None}, "all versions: legal hold placed"),
        ("erased", {"version": None, "details": {"keys": 1}}, "1 key erased from all versions"),
        (
            "regraded",
            {"version": 2, "details": {"grade": "needless_refusal"}},
            "version 2 regraded: needless refusal",
        ),
        ("retired", {}, "retired: no new versions"),
        ("unretired", {}, "in use again"),
    ],
)
def test_what_happened(kind: str, fields: dict[str, Any], text: str) -> None:
    """Who asked stands behind it; what is not there is not named."""
    assert event_text(event(7, kind, **fields)) == text


def test_a_kind_of_a_later_release() -> None:
    """Is named as it is."""
    assert "moved_house" not in get_args(EventKind)
    assert event_text(event(7, "moved_house", version=2)) == "version 2 moved_house"
