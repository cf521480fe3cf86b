"""When a version starts anew: after a gap, or with a season, it is compared with nothing, as the
first version of a set is, and says so.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Literal

from estimates.contract.gate_policy import GatePolicy

FreshStart = Literal["after_gap", "new_season"]


def fresh_start(
    policy: GatePolicy, before: datetime, now: datetime, published: Iterable[datetime]
) -> FreshStart | None:
    """Why a version whose data end at `now` is not compared with one whose data end at `before`;
    None where it is.

    published  where the data of the set's versions end. A gap is a time in which nobody published:
               a set whose versions were refused for weeks has none, and is compared
    """
    gap = policy.gap_duration
    if gap is not None and before < now:
        between = sorted({before, now, *(end for end in published if before < end < now)})
        if any(later - earlier > gap for earlier, later in pairwise(between)):
            return "after_gap"
    if any(_season(first, before) < _season(first, now) for first in policy.seasons):
        return "new_season"
    return None


def _season(first: str, moment: datetime) -> int:
    """The year in which the season of a moment began; `first` is its first day, `10-01`."""
    day = moment.astimezone(UTC).date()
    month, number = map(int, first.split("-"))
    return day.year - (day < date(day.year, month, number))
