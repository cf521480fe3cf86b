"""How good the estimates were, as pictures: errors by version and horizon, coverage, PIT."""

from __future__ import annotations

from collections.abc import Sequence

from estimates.accuracy.accuracy_report import PitBin, Scored, Slice
from estimates.render.wording import count, number, percent
from estimates_api.desk.axes import Scale, Tick, path_of, scale_of, ticks
from estimates_api.desk.links import set_path
from estimates_api.desk.pictures import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Area,
    Dot,
    Line,
    Picture,
)

_LABELS = 12


def errors_by_version(name: str, versions: Sequence[Scored], column: str) -> Picture | None:
    """Mean error of each version, oldest first; WIS in the other colour. None without any."""
    known = [
        (scored.scores.version, c.point.mae if c.point else None, c.distribution)
        for scored in versions
        if (c := scored.scores.columns.get(column)) is not None
    ]
    points = [(v, "middle", "mean error", mae) for v, mae, _ in known if mae is not None]
    points += [(v, "far", "WIS", d.wis) for v, _, d in known if d and d.wis is not None]
    if len(points) < 2:
        return None
    place = {version: i for i, (version, *_) in enumerate(known)}
    x = Scale(0, max(len(known) - 1, 1), LEFT + 10, WIDTH - RIGHT - 10)
    y = scale_of([0.0, *(value for *_, value in points)], HEIGHT - BOTTOM, TOP)
    dots = [
        Dot(
            x(place[version]),
            y(value),
            kind,
            set_path(name, "versions", version),
            f"version {version}: {words} {number(value)}",
        )
        for version, kind, words, value in points
    ]
    lines = [
        Line(line, path_of([(dot.x, dot.y) for dot in dots if dot.kind == kind]), words)
        for kind, line, words in (("middle", "way", "mean error"), ("far", "newest", "WIS"))
    ]
    every = -(-len(known) // _LABELS)
    labels = [Tick(x(i), str(v)) for i, (v, *_) in enumerate(known) if i % every == 0]
    return Picture(labels, ticks(y), [], lines, dots)


def pit_picture(bins: Sequence[PitBin]) -> Picture | None:
    """Where actual values fell in the predictive distribution, as density: 1 is as promised."""
    drawn = [each for each in bins if each.expected > 0]
    if not drawn:
        return None
    x = Scale(0, 1, LEFT, WIDTH - RIGHT)
    most = max(1.2, *(each.share / each.expected for each in drawn))
    y = Scale(0, most, HEIGHT - BOTTOM, TOP)
    areas = [
        Area(
            x(each.low) + 0.5,
            y(each.share / each.expected),
            max(x(each.high) - x(each.low) - 1, 1.0),
            round(y(0) - y(each.share / each.expected), 1),
            "within",
            1.0,
            {},
            f"between the quantiles {each.low:g} and {each.high:g}: {count(each.n, 'key')}, "
            f"{percent(each.share)}; expected {percent(each.expected)}",
        )
        for each in drawn
    ]
    line = path_of([(x(0), y(1)), (x(1), y(1))])
    return Picture(
        ticks(x, 6, number), ticks(y, 4), [], [Line("here", line, "as promised")], [], areas
    )


def coverage_picture(horizons: Sequence[Slice]) -> Picture | None:
    """How often intervals held by horizon: a line a level, beside what they promise."""
    levels = list(dict.fromkeys(level for h in horizons for level in h.covered))
    if len(horizons) < 2 or not levels:
        return None
    x = Scale(0, len(horizons) - 1, LEFT + 10, WIDTH - RIGHT - 10)
    shares = [c.share for h in horizons for c in h.covered.values() if c.share is not None]
    y = scale_of([*shares, *map(float, levels), 1.0], HEIGHT - BOTTOM, TOP)
    lines: list[Line] = []
    for i, level in enumerate(levels):
        at = y(float(level))
        lines.append(Line("here", path_of([(LEFT, at), (WIDTH - RIGHT, at)]), f"promised: {level}"))
        path = [
            (x(j), y(c.share))
            for j, h in enumerate(horizons)
            if (c := h.covered.get(level)) is not None and c.share is not None
        ]
        lines.append(Line("way" if i % 2 == 0 else "newest", path_of(path), f"interval of {level}"))
    every = -(-len(horizons) // _LABELS)
    labels = [Tick(x(i), h.value or "–") for i, h in enumerate(horizons) if i % every == 0]
    return Picture(labels, ticks(y, write=percent), [], lines, [])
