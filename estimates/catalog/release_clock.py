"""What aliases meant by the claimed times of release: the clock of histories made before the store
existed.
"""

from bisect import insort
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from estimates import instants
from estimates.catalog.records import Version, VersionInTime
from estimates.errors import InvalidError

# By which times `as_of` is read: None by those of events, which are facts; `released` by claims
# where there are some.
Clock = Literal["released"] | None
# When an alias moved, and where to; None: it was removed.
Moves = list[tuple[datetime, int | None]]
# For each version from when to when an alias pointed to it; the last end is None while it still
# does.
Spans = dict[int, list[tuple[datetime, datetime | None]]]


def released_moves(moves: Moves, versions: Sequence[VersionInTime]) -> Moves:
    """The moves of an alias by the clock `released`, oldest first; `moves` are its moves by the
    times of events.

    The first move to an imported version counts from its `released_at`, every other one from its
    own time. Where this would leave another version in force when the alias moved, the move counts
    from its own time too: by either clock the alias means the same from its last move on.
    """
    claimed_moves: Moves = []
    met: set[int] = set()
    for at, number in moves:
        claimed = None
        if number is not None and number not in met:
            claimed = versions[number - 1].released_at
            met.add(number)
        insort(claimed_moves, (claimed or at, number), key=lambda move: move[0])
        if claimed_moves[-1][1] != number:
            claimed_moves.append((at, number))
    return claimed_moves


def released(version: Version, clock: Clock) -> datetime:
    """When a version was published, by a clock."""
    return (
        version.released_at or version.published_at if clock is not None else version.published_at
    )


def spans_of(moves: Moves) -> Spans:
    """From when to when moves, oldest first, left each version in force."""
    ends = [at for at, _ in moves[1:]] + [None]
    spans: Spans = {}
    for (start, version), end in zip(moves, ends, strict=False):
        if version is not None:
            spans.setdefault(version, []).append((start, end))
    return spans


def check_clock(name: str, clock: Clock, *, asks_alias: bool) -> None:
    """Raises InvalidError `bad_clock` for another clock, and for a question that no clock answers.

    asks_alias  the question is what an alias meant at a time
    """
    if clock not in (None, "released"):
        raise InvalidError(
            "bad_clock",
            f"{name}: there is no clock {clock!r}",
            remedy="write released, or leave it out",
        )
    if clock is not None and not asks_alias:
        raise InvalidError(
            "bad_clock",
            f"{name}: clock=released asks what an alias meant at a time",
            remedy="give as_of, and as ref an alias, no number and not latest",
        )


def check_claim(name: str, released_at: datetime | None, data_through: datetime) -> None:
    """Raises InvalidError: `bad_released_at` for a time that cannot be true, `bad_time` for one
    without zone.
    """
    if instants.instant_of(released_at) is None:
        return
    assert released_at is not None
    claim = f"{name}: released_at {instants.text(released_at)}"
    if released_at > instants.now():
        raise InvalidError(
            "bad_released_at",
            f"{claim} lies in the future",
            remedy="leave it out for a release now",
        )
    if released_at < data_through:
        through = instants.text(data_through)
        raise InvalidError(
            "bad_released_at",
            f"{claim} is before data_through {through}: no release knows later data",
            remedy="say what it knew",
        )
