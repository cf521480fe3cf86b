"""One key through the versions, as pictures: what each version said, what production said at each
time, the paths the key lies on, and what came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from estimates import instants
from estimates.reading.outcome import KeyOutcome, is_number
from estimates.render.wording import number
from estimates_api.desk.axes import Scale, path_of, scale_of, ticks, time_ticks
from estimates_api.desk.links import set_path
from estimates_api.desk.pictures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Dot, Line, Picture
from estimates_api.http.bodies import HistoryEntry, TriangleBody


def interval_ends(columns: Mapping[str, Any], point: str) -> list[tuple[float, str, str]]:
    """The intervals around a point or quantile, the widest first: level, lower and upper column.

    columns  those of a contract, as the answer of a set has them
    """
    points = [name for name, column in columns.items() if column.get("role", "point") == "point"]
    own = columns.get(point, {})
    if own.get("role") == "quantile":  # such as the median of a set without a point
        point = own.get("of") or next(iter(points), "")
    ends: dict[float, dict[str, str]] = {}
    for name, column in columns.items():
        of = column.get("of") or next(iter(points), "")
        if of != point:
            continue
        if column.get("role") in ("lower", "upper"):
            ends.setdefault(column["level"], {})[column["role"]] = name
        quantile = column.get("quantile")
        if quantile is not None and quantile != 0.5:
            side = "lower" if quantile < 0.5 else "upper"
            ends.setdefault(round(abs(1 - 2 * quantile), 12), {}).setdefault(side, name)
    return [
        (level, pair["lower"], pair["upper"])
        for level, pair in sorted(ends.items(), reverse=True)
        if len(pair) == 2
    ]


def observed_by(columns: Mapping[str, Any], column: str, outcome: KeyOutcome | None) -> str | None:
    """The name of the actual value that a column estimates; None where there is none yet."""
    if outcome is None:
        return None
    points = [name for name, c in columns.items() if c.get("role", "point") == "point"]
    of = columns.get(column, {}).get("of") or (points[0] if points else "value")
    return next((name for name in (column, of) if name in outcome.actual), None)


def fan(
    name: str,
    history: Sequence[HistoryEntry],
    column: str,
    ends: Sequence[tuple[float, str, str]],
    came: object = None,
) -> Picture | None:
    """What each version said of the key, by the end of its data, with its intervals.

    name  of the set
    came  the actual value
    The line leads through the versions that were ever in production. None where no version has a
    number.
    """
    estimates = [
        (entry, value) for entry in history if (value := _value(entry, column)) is not None
    ]
    if not estimates:
        return None
    y = _value_scale(estimates, ends, came)
    x = scale_of([e.data_through.timestamp() for e, _ in estimates], LEFT, WIDTH - RIGHT, 0.02)
    place = {entry.version: x(entry.data_through.timestamp()) for entry, _ in estimates}
    produced = [(entry, value) for entry, value in estimates if entry.production]
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
        for entry, value in estimates
    ]
    lines = [Line("way", line), *_level(y, came)]
    return Picture(time_ticks(x, 7), ticks(y), bands, lines, dots)


def production_steps(
    name: str, history: Sequence[HistoryEntry], column: str, until: datetime, came: object = None
) -> Picture | None:
    """What production said at each time, as steps; None where it never said anything.

    until  where what is in production now ends
    """
    spans = sorted(
        (
            (span.from_, span.to or max(until, span.from_), entry, value)
            for entry in history
            for span in entry.production
            if (value := _value(entry, column)) is not None
        ),
        key=lambda span: span[0],
    )
    if not spans:
        return None
    y = _value_scale([(entry, value) for *_, entry, value in spans], [], came)
    x = scale_of([m.timestamp() for span in spans for m in span[:2]], LEFT, WIDTH - RIGHT, 0.0)
    steps = [
        (x(moment.timestamp()), y(value))
        for start, end, _, value in spans
        for moment in (start, end)
    ]
    dots = [
        Dot(
            x(start.timestamp()),
            y(value),
            entry.state,
            set_path(name, "versions", entry.version),
            f"from {instants.text(start)} production was version {entry.version}: {number(value)}",
        )
        for start, _, entry, value in spans
    ]
    lines = [Line("way", path_of(steps)), *_level(y, came)]
    return Picture(time_ticks(x), ticks(y), [], lines, dots)


def hedgehog(
    triangle: TriangleBody,
    target: str,
    versions: Sequence[int],
    strong: int | None,
    here: str | None,
    came: Mapping[str, object] | None = None,
) -> Picture | None:
    """The path of each version over the targets; None without two targets.

    triangle  across versions, of the keys that differ in the target only
    versions  those to draw; strong: the one that is told apart
    here      the target of this page's key, as text
    came      by target the actual value
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
        version: [(moments[text], float(value)) for text, row in rows if is_number(value := row[i])]
        for version, i in drawn
    }
    values = [value for path in paths.values() for _, value in path]
    if not values:
        return None
    known = [m for path in paths.values() for m, _ in path if m is not None]
    run_up = (max(known) - min(known)) / 2
    actual = _actual_path(came or {}, min(known) - run_up, max(known))
    known += [m for m, _ in actual if m is not None]
    x = scale_of(known, LEFT, WIDTH - RIGHT, 0.02)
    y = scale_of([*values, *(value for _, value in actual)], HEIGHT - BOTTOM, TOP)
    lines = [
        Line("newest" if version == strong else "spine", _points(path, x, y), f"version {version}")
        for version, path in sorted(paths.items())
        if path
    ]
    marked = None if here is None else moments.get(here)
    if marked is not None:
        line = path_of([(x(marked), TOP), (x(marked), HEIGHT - BOTTOM)])
        lines.insert(0, Line("here", line))
    if actual:
        lines.append(Line("actual", _points(actual, x, y), "what came"))
    return Picture(time_ticks(x, 7), ticks(y), [], lines, [])


def _actual_path(
    came: Mapping[str, object], first: float, last: float
) -> list[tuple[float | None, float]]:
    return [
        (moment, float(value))
        for target, value in came.items()
        if is_number(value) and (moment := _moment(target)) is not None and first <= moment <= last
    ]


def _value_scale(
    estimates: Iterable[tuple[HistoryEntry, float]],
    ends: Sequence[tuple[float, str, str]],
    came: object,
) -> Scale:
    values = [float(came)] if is_number(came) else []
    for entry, value in estimates:
        values.append(value)
        sides = (_value(entry, side) for _, *pair in ends for side in pair)
        values += [side for side in sides if side is not None]
    return scale_of(values, HEIGHT - BOTTOM, TOP)


def _level(y: Scale, came: object) -> list[Line]:
    """The actual value as a line from side to side."""
    if not is_number(came):
        return []
    at = y(float(came))
    return [Line("actual", path_of([(LEFT, at), (WIDTH - RIGHT, at)]), f"came: {number(came)}")]


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
    return float(value) if is_number(value) else None


def _moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else instants.parse(f"{moment.isoformat()}Z")).timestamp()
