"""What a receiver is told of a deadline."""

from __future__ import annotations

from typing import Any

import msgspec

from estimates.catalog.punctuality import NextDeadline
from estimates_jobs.notify.deadline_notification import deadline_notifications
from tests.catalog.histories import hour


def documents(**fields: Any) -> list[dict[str, Any]]:
    """The documents about a deadline with these fields."""
    known: dict[str, Any] = dict.fromkeys(NextDeadline.__struct_fields__) | {"at_risk": False}
    deadline = NextDeadline(**(known | fields))
    return [msgspec.json.decode(each.body) for each in deadline_notifications("a b", deadline)]


def test_missed_and_at_risk() -> None:
    """Each is a document of its own, about its own moment."""
    missed, risk = documents(missed=hour(1), due=hour(25), at_risk=True, start_by=hour(24))
    assert (missed["type"], risk["type"]) == (
        "estimates.deadline_missed",
        "estimates.deadline_at_risk",
    )
    assert (missed["time"], risk["time"]) == ("2026-11-24T01:00:00Z", "2026-11-25T01:00:00Z")
    assert risk["data"]["start_by"] == "2026-11-25T00:00:00Z"
    assert (risk["source"], risk["subject"]) == ("/v1/sets/a%20b", "a b")


def test_the_same_deadline_has_the_same_id() -> None:
    """A receiver that was told before knows it; another deadline has another."""
    first, again, other = (documents(missed=hour(at))[0]["id"] for at in (1, 1, 2))
    assert first == again != other
    risks = [documents(missed=hour(1), due=hour(at), at_risk=True)[1]["id"] for at in (3, 4)]
    assert len({first, *risks}) == 3


def test_nothing_to_tell() -> None:
    """Without a deadline, without a miss, and at a risk of nothing."""
    assert list(deadline_notifications("s", None)) == []
    assert documents(due=hour(3)) == []
    assert documents(at_risk=True) == []
