"""What a picture of the desk is made of; macros.html draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from estimates_api.desk.axes import Tick

WIDTH, HEIGHT = 720, 280
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 12, 30


class Dot(NamedTuple):
    """A value: its place, its kind as a class of the style sheet, the page that it leads to."""

    x: float
    y: float
    kind: str
    path: str
    words: str


class Line(NamedTuple):
    """A line through several places."""

    kind: str
    points: str
    words: str = ""


class Area(NamedTuple):
    """A rectangle: a bar or a square; `query` leads to what it stands for on the same page."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    strength: float
    query: Mapping[str, str | None]
    words: str


class Picture(NamedTuple):
    """What is drawn, from back to front; `bands` have the level of their interval."""

    x_ticks: list[Tick]
    y_ticks: list[Tick]
    bands: list[tuple[float, str]]
    lines: list[Line]
    dots: list[Dot]
    areas: Sequence[Area] = ()
    names_end: float = LEFT - 6  # where the labels of rows end
