"""Versions and production through time, as a picture: where each mark stands.

Versions that came in a burst are kept apart, and a long silence stays a wide gap: half of the
width is shared out evenly, the rest by time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from estimates.catalog.records import State, VersionSummary
from estimates_api.http.bodies import EventBody

WIDTH = 960
_LEFT, _RIGHT = 92, 56
_CHARACTER = 8  # points that a character of a date needs
_SHORT_S = 1800.0  # of versions that came so close together the seconds are shown
_NUMBER = 17  # points that the number of a version needs
MARKS: dict[State, str] = {
    "production": "in production",
    "candidate": "passes the gate, not promoted",
    "superseded": "was in production",
    "rolled_back": "rolled back",
    "refused": "refused by the gate",
    "unjudged": "not judged",
    "expired": "expired",
}


class Dot(NamedTuple):
    """A version: its place, and whether there is room for its number."""

    x: float
    version: VersionSummary
    numbered: bool


class Bar(NamedTuple):
    """A time in production."""

    x: float
    width: float
    version: int
    since: datetime
    until: datetime | None


class Decision(NamedTuple):
    """Something that was decided: a contract revision, a waiver, a hold."""

    x: float
    event: EventBody


class Label(NamedTuple):
    """A date below its version, and the moment that it is short for."""

    x: float
    text: str
    moment: datetime


class Timeline(NamedTuple):
    """What the template draws, oldest first; `states` are those that occur."""

    dots: list[Dot]
    bars: list[Bar]
    labels: list[Label]
    decisions: list[Decision]
    states: list[State]


def timeline(
    versions: Sequence[VersionSummary],
    moves: Sequence[EventBody],
    decided: Sequence[EventBody] = (),
    until: datetime | None = None,
) -> Timeline | None:
    """The picture of some consecutive versions, oldest first; None without any.

    moves  of production, oldest first, from the one that was in force at the first version on
    decided  what people decided besides; what was before the first version is left out
    until    when the version after the last one came; None where there is none. What happened later
             is left out, and a time in production that lasted longer goes to the edge.
    """
    if not versions:
        return None
    places = _Places([version.published_at for version in versions])
    step = min((b - a for a, b in zip(places.x, places.x[1:], strict=False)), default=WIDTH)
    every = max(1, round(_NUMBER / max(step, 1) + 0.49))
    last = len(versions) - 1
    dots = [
        Dot(x, version, (last - i) % every == 0)
        for i, (x, version) in enumerate(zip(places.x, versions, strict=True))
    ]
    occurring = {version.state for version in versions}
    return Timeline(
        dots,
        _bars(places, moves, until),
        _labels(places),
        [
            Decision(places.at(event.at), event)
            for event in decided
            if event.at >= places.times[0] and (until is None or event.at < until)
        ],
        [state for state in MARKS if state in occurring],
    )


class _Places:
    """Where times stand: at versions half evenly, half by time; in between in proportion."""

    def __init__(self, times: Sequence[datetime]) -> None:
        self.times = times
        width = WIDTH - _RIGHT - _LEFT
        count = len(times)
        span = (times[-1] - times[0]).total_seconds()
        self.x = [
            round(
                _LEFT
                + width
                * (
                    (0.5 * i / (count - 1) if count > 1 else 0.5)
                    + (0.5 * (t - times[0]).total_seconds() / span if span else 0.0)
                ),
                1,
            )
            for i, t in enumerate(times)
        ]

    def at(self, moment: datetime) -> float:
        """The place of any moment."""
        i = bisect_right(self.times, moment)
        if i == 0:
            return _LEFT
        if i == len(self.times):
            return self.x[-1]
        before, after = self.times[i - 1], self.times[i]
        share = (moment - before) / (after - before)
        return round(self.x[i - 1] + share * (self.x[i] - self.x[i - 1]), 1)


def _bars(places: _Places, moves: Sequence[EventBody], edge: datetime | None) -> list[Bar]:
    """The times in production that began before the edge, if there is one."""
    bars: list[Bar] = []
    for i, move in enumerate(moves):
        until = moves[i + 1].at if i + 1 < len(moves) else None
        if edge is not None and move.at >= edge:
            break
        if move.version is None or (until is not None and until < places.times[0]):
            continue
        start = places.at(move.at)
        beyond = until is None or (edge is not None and until >= edge)
        end = WIDTH if until is None or beyond else places.at(until)
        bars.append(Bar(start, max(end - start, 1.5), move.version, move.at, until))
    return bars


def _labels(places: _Places) -> list[Label]:
    """Dates from the newest version back, as many as there is room for."""
    labels: list[Label] = []
    first, last = places.times[0], places.times[-1]
    form = "%Y-%m-%d"
    if first.date() == last.date():
        is_short = (last - first).total_seconds() < _SHORT_S
        form = "%m-%d %H:%M:%S" if is_short else "%Y-%m-%d %H:%M"
    needed = _CHARACTER * len(first.strftime(form))
    free = float("inf")
    for x, moment in zip(reversed(places.x), reversed(places.times), strict=True):
        if x + needed <= free:
            labels.append(Label(x, moment.strftime(form), moment))
            free = x
    return labels
