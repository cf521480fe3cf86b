"""What MLflow runs are told of what people decided about their versions, as tags."""

from __future__ import annotations

from estimates import instants
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView


def decision_tags(of_set: SetView) -> dict[int, dict[str, str]]:
    """By version: `rolled_back`, when, by whom and why production left it; `approved`, who asked
    for the promotion of the version in production and who approved it.
    """
    tags: dict[int, dict[str, str]] = {}
    for event in of_set.events:
        if event.kind == "rolled_back" and event.alias == PRODUCTION and event.from_version:
            text = f"{instants.text(event.at)} by {event.who}: {event.reason}"
            tags.setdefault(event.from_version, {})["rolled_back"] = text
    moves = (e for e in reversed(of_set.events) if e.alias == PRODUCTION)
    last = next(moves, None)
    if last is not None and last.kind == "promoted" and "request" in last.details:
        assert last.version is not None
        by, of = ", ".join(last.details["approved_by"]), last.details["asked_by"]
        text = (
            f"{instants.text(last.at)} by {by}, asked by {of} (request {last.details['request']})"
        )
        tags.setdefault(last.version, {})["approved"] = text
    return tags
