"""Scales and ticks of the desk's pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from estimates.render.wording import number


class Tick(NamedTuple):
    """A place on an axis, in points of the picture, and what is written there; `whole` is what it
    is short for.
    """

    at: float
    label: str
    whole: str = ""


class Scale(NamedTuple):
    """Maps values from `low` to `high` linearly to points from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value, to a tenth of a point."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(self.start + share * (self.end - self.start), 1)


def scale_of(values: Iterable[float], start: float, end: float, room: float = 0.04) -> Scale:
    """A scale with a little room at both ends; of one value that value is in the middle."""
    known = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    more = (high - low) * room
    return Scale(low - more, high + more, start, end)


def ticks(scale: Scale, most: int = 5, write: Callable[[float], str] = number) -> list[Tick]:
    """Round values on a scale of numbers."""
    span = scale.high - scale.low
    if span <= 0 or not math.isfinite(span):
        return [Tick(scale(scale.low), write(scale.low))]
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(s * power for s in (1, 2, 5, 10) if span / (s * power) <= most)
    first = math.ceil(scale.low / step)
    places = [i * step for i in range(first, math.floor(scale.high / step) + 1)]
    return [Tick(scale(place), write(round(place, 12))) for place in places]


_HALF_LABEL = 26  # points: a label beyond would be cut
_STEPS = tuple(
    timedelta(**{unit: size})
    for unit, sizes in (
        ("seconds", (1, 5, 15, 30)),
        ("minutes", (1, 5, 15, 30)),
        ("hours", (1, 3, 6, 12)),
        ("days", (1, 2, 7, 14, 30, 90, 180, 365, 730, 1825, 3650)),
    )
    for size in sizes
)


def time_ticks(scale: Scale, most: int = 5) -> list[Tick]:
    """Round moments on a scale of seconds since 1970."""
    span = timedelta(seconds=scale.high - scale.low)
    if span <= timedelta(0):
        moment = datetime.fromtimestamp(scale.low, UTC)
        return [Tick(scale(scale.low), f"{moment:%Y-%m-%d %H:%M}", f"{moment:%Y-%m-%d %H:%M} UTC")]
    step = next((step for step in _STEPS if span / step <= most), _STEPS[-1])
    seconds = step.total_seconds()
    first = math.ceil(scale.low / seconds)
    places = [i * seconds for i in range(first, math.floor(scale.high / seconds) + 1)]
    edge = max(scale.start, scale.end) - _HALF_LABEL
    return [_moment(x, place, step) for place in places if (x := scale(place)) <= edge]


def _moment(at: float, seconds: float, step: timedelta) -> Tick:
    moment = datetime.fromtimestamp(seconds, UTC)
    if step >= timedelta(days=1):
        return Tick(at, f"{moment:%Y-%m-%d}")
    form = "%m-%d %H:%M" if step >= timedelta(minutes=1) else "%H:%M:%S"
    return Tick(at, moment.strftime(form), f"{moment:%Y-%m-%d %H:%M:%S} UTC")


def path_of(points: Sequence[tuple[float, float]]) -> str:
    """The points of a polyline."""
    return " ".join(f"{x:g},{y:g}" for x, y in points)
