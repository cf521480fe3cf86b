"""One key through the versions, as pictures: what each version said, and the paths it lies on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeGuard

from estimates import instants
from estimates.render.wording import number
from estimates_api.desk.axes import Scale, path_of, scale_of, ticks, time_ticks
from estimates_api.desk.links import set_path
from estimates_api.desk.pictures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Dot, Line, Picture
from estimates_api.http.bodies import HistoryEntry, TriangleBody


def interval_ends(columns: Mapping[str, Any], point: str) -> list[tuple[float, str, str]]:
    """The intervals of a point, the widest first: level, lower and upper column.

    columns  those of a contract, as the answer of a set has them
    """
    points = [name for name, column in columns.items() if column.get("role", "point") == "point"]
    ends: dict[float, dict[str, str]] = {}
    for name, column in columns.items():
        if column.get("role") in ("lower", "upper") and point in (column.get("of") or points[:1]):
            ends.setdefault(column["level"], {})[column["role"]] = name
    return [
        (level, pair["lower"], pair["upper"])
        for level, pair in sorted(ends.items(), reverse=True)
        if len(pair) == 2
    ]


def fan(
    name: str, history: Sequence[HistoryEntry], column: str, ends: Sequence[tuple[float, str, str]]
) -> Picture | None:
    """What each version said of the key, by the end of its data, with its intervals.

    name  of the set
    The line leads through the versions that were ever in production. None where no version has a
    number.
    """
    said = [(entry, value) for entry in history if (value := _value(entry, column)) is not None]
    if not said:
        return None
    values = [value for _, value in said]
    values += [
        value
        for entry, _ in said
        for _, *pair in ends
        for name in pair
        if (value := _value(entry, name)) is not None
    ]
    y = scale_of(values, HEIGHT - BOTTOM, TOP)
    x = scale_of([e.data_through.timestamp() for e, _ in said], LEFT, WIDTH - RIGHT, 0.02)
    place = {entry.version: x(entry.data_through.timestamp()) for entry, _ in said}
    produced = [(entry, value) for entry, value in said if entry.production]
    bands = [
        (level, points)
        for level, lower, upper in ends
        if (points := _band([entry for entry, _ in produced], lower, upper, place, y))
    ]
    line = path_of([(place[entry.version], y(value)) for entry, value in produced])
    dots = [
        Dot(
            place[entry.version],
            y(value),
            entry.state,
            set_path(name, "versions", entry.version),
            f"version {entry.version}, data through {instants.text(entry.data_through)}: "
            f"{number(value)}",
        )
        for entry, value in said
    ]
    return Picture(time_ticks(x), ticks(y), bands, [Line("way", line)], dots)


def hedgehog(
    triangle: TriangleBody, target: str, versions: set[int], here: str | None
) -> Picture | None:
    """The path of each version over the targets, the newest strongest; None without two targets.

    triangle  across versions, of the keys that differ in the target only
    versions  those to draw
    here      the target of this page's key, as text
    """
    column = triangle.columns.index(target)
    rows = [(str(row[column]), row) for row in triangle.triangle]
    moments = {text: _moment(text) for text, _ in rows}
    if len(rows) < 2 or any(moment is None for moment in moments.values()):
        return None
    drawn = [
        (int(name[1:]), i)
        for i, name in enumerate(triangle.columns)
        if i >= len(triangle.columns) - len(triangle.versions) and int(name[1:]) in versions
    ]
    paths = {
        version: [
            (moments[text], float(value)) for text, row in rows if _is_number(value := row[i])
        ]
        for version, i in drawn
    }
    values = [value for path in paths.values() for _, value in path]
    if not values:
        return None
    x = scale_of([m for m in moments.values() if m is not None], LEFT, WIDTH - RIGHT, 0.02)
    y = scale_of(values, HEIGHT - BOTTOM, TOP)
    newest = max(paths)
    lines = [
        Line("newest" if version == newest else "spine", _points(path, x, y), f"version {version}")
        for version, path in sorted(paths.items())
        if path
    ]
    marked = None if here is None else moments.get(here)
    if marked is not None:
        line = path_of([(x(marked), TOP), (x(marked), HEIGHT - BOTTOM)])
        lines.insert(0, Line("here", line))
    return Picture(time_ticks(x), ticks(y), [], lines, [])


def _points(path: Sequence[tuple[float | None, float]], x: Scale, y: Scale) -> str:
    return path_of([(x(moment), y(value)) for moment, value in path if moment is not None])


def _band(
    entries: Sequence[HistoryEntry], lower: str, upper: str, place: Mapping[int, float], y: Scale
) -> str:
    """The outline of an interval, there and back."""
    ends = [
        (place[entry.version], low, high)
        for entry in entries
        if (low := _value(entry, lower)) is not None and (high := _value(entry, upper)) is not None
    ]
    if len(ends) == 1:  # a band needs a width
        x, low, high = ends[0]
        ends = [(x - 4, low, high), (x + 4, low, high)]
    there = [(x, y(high)) for x, _, high in ends]
    back = [(x, y(low)) for x, low, _ in reversed(ends)]
    return path_of([*there, *back])


def _value(entry: HistoryEntry, column: str) -> float | None:
    value = None if entry.estimate is None else entry.estimate.get(column)
    return float(value) if _is_number(value) else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else instants.parse(f"{moment.isoformat()}Z")).timestamp()
