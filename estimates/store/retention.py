"""Retention: which versions the rules of a contract let go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from estimates import instants
from estimates.catalog.records import Version
from estimates.catalog.set_view import SetView
from estimates.contract.kept_files import Retention

KEPT_PREDECESSORS = 10


def let_go(view: SetView, now: datetime) -> list[Version]:
    """The unexpired versions that the newest contract lets go at a moment, whether or not a legal
    hold keeps them.

    What has an alias, what an alias pointed to of late, what `latest` names and the newest version
    always stay.
    """
    retention = view.contract.retention
    if retention == Retention():
        return []
    kept = set(_always_kept(view))
    candidates = [v for v in view.versions if v.version not in kept and v.expired_at is None]
    return [v for v in candidates if all(_rules(retention, v, view, now))]


def _always_kept(view: SetView) -> Iterator[int]:
    """The numbers of versions that no rule lets go."""
    passed = (
        number
        for number, blocks in view.blocks.items()
        if not blocks and view.versions[number - 1].expired_at is None
    )
    yield len(view.versions)
    yield max(passed, default=len(view.versions))  # what `latest` names
    yield from (alias.version for alias in view.aliases.values())
    for moves in view.moves.values():
        newest_first = dict.fromkeys(number for _, number in reversed(moves) if number)
        yield from list(newest_first)[: KEPT_PREDECESSORS + 1]


def _rules(retention: Retention, version: Version, view: SetView, now: datetime) -> Iterator[bool]:
    """For each rule that is given, whether it lets a version go."""
    if retention.keep_versions is not None:
        yield version.version <= len(view.versions) - retention.keep_versions
    if retention.keep_for is not None:
        yield version.published_at + instants.duration(retention.keep_for) < now
    if retention.keep_promoted_for is not None:
        ends = [end for _, end in view.spans.get(version.version, [])]
        length = instants.duration(retention.keep_promoted_for)
        yield all(end is not None and end + length < now for end in ends)
