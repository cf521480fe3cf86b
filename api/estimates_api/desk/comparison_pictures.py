"""What moved between two versions, as pictures whose bars, squares and dots lead to their keys."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from estimates.compare.change_bounds import HORIZON
from estimates.render.change_text import size
from estimates.render.wording import count, number, percent
from estimates.stability.pages.change_sections import measure_of
from estimates.stability.pages.pictures import POINTS, Against, Histogram, Pictures
from estimates.stability.report import ColumnReport, Group, IntervalReport, Report
from estimates_api.desk.axes import Scale, Tick, path_of, ticks
from estimates_api.desk.pictures import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Area,
    Line,
    Picture,
)

_GROUPS = 12
Bounds = list[list[str | float | None]]


class Drawn(NamedTuple):
    """A picture with its name and what it shows."""

    label: str
    caption: str
    picture: Picture


def column_pictures(report: Report, pictures: Pictures, name: str) -> list[Drawn]:
    """Those of one column: how far each key moved, old against new, by horizon and group."""
    column, drawn = report.columns[name], pictures.columns.get(name)
    made: list[Drawn] = []
    if drawn is not None and drawn.change is not None:
        plain = drawn.change.unit in (None, POINTS)
        metric = f"{name}.plain" if plain else f"{name}.d"
        write = partial(_signed, measure=measure_of(column.scalar)) if plain else number
        made.append(
            Drawn(
                "How far each key moved",
                _moved_caption(column, drawn.change),
                histogram(drawn.change, metric, write),
            )
        )
    if drawn is not None and drawn.against is not None:
        caption = "Each square is keys by old and new value; on the line nothing changed."
        if drawn.against.scale != "linear":
            caption += " The axes are logarithmic."
        made.append(Drawn("Old against new", caption, against(drawn.against, name)))
    by = {HORIZON: column.horizons, **column.groups}
    for group_by, groups in by.items():
        shown = [group for group in groups if group.plain_p95 is not None]
        if group_by != HORIZON:  # which are in order
            shown.sort(key=lambda g: -(g.plain_p95 or 0.0))
        if shown:
            what = "The bar ends where 1 in 20 keys moves further, the line in it is the middle."
            more = len(shown) - _GROUPS
            rest = "farther" if group_by == HORIZON else "that moved less"
            caption = what + (f" {more} {rest} are in the numbers." if more > 0 else "")
            drawn_groups = by_group(shown[:_GROUPS], group_by, measure_of(column.scalar))
            made.append(Drawn(f"By {group_by}", caption, drawn_groups))
    return made


def interval_pictures(interval: IntervalReport, drawn: Any) -> list[Drawn]:
    """Those of one interval: how its width changed, how far the point moved within the old one."""
    owner = interval.point or interval.lower
    level = f"{100 * interval.level:.12g}"
    made: list[Drawn] = []
    if drawn.z is not None:
        picture = histogram(drawn.z, f"{owner}.z_{level}", number)
        caption = "The move of the point in half widths of the old interval; beyond 1 it left it."
        made.append(Drawn(f"Moves in their own uncertainty, {level} %", caption, picture))
    if drawn.width is not None:
        picture = histogram(drawn.width, f"{owner}.width_change_{level}", _wider, _log_ratio)
        caption = "How much wider or narrower the interval became; strong beyond 25 %."
        made.append(Drawn(f"Width of the {level} % interval", caption, picture))
    return made


def histogram(counted: Histogram, metric: str, write: Any, back: Any = float) -> Picture:
    """Bars, those beyond the limit in the strong colour on top of the others.

    back  what makes an edge of a bar a value of the metric
    """
    edges = [(counted.first + i) * counted.width for i in range(len(counted.within) + 1)]
    most = max((w + b for w, b in zip(counted.within, counted.beyond, strict=True)), default=1)
    x = Scale(edges[0], edges[-1], LEFT, WIDTH - RIGHT)
    y = Scale(0, most or 1, HEIGHT - BOTTOM, TOP)
    areas: list[Area] = []
    for i, (inside, beyond) in enumerate(zip(counted.within, counted.beyond, strict=True)):
        low, high = edges[i], edges[i + 1]
        bounds: Bounds = [[metric, back(low), back(high)]]
        words = f"{write(low)} to {write(high)}: {count(inside + beyond, 'key')}"
        bottom = 0
        for n, kind in ((inside, "within"), (beyond, "beyond")):
            if n:
                top = y(bottom + n)
                place = (x(low) + 0.5, top, max(x(high) - x(low) - 1, 1), y(bottom) - top)
                areas.append(Area(*place, kind, 1.0, _query(bounds, metric), words))
                bottom += n
    return Picture(ticks(x, 7, write), ticks(y, 4, lambda v: f"{v:,.0f}"), [], [], [], areas)


def against(counted: Against, name: str) -> Picture:
    """Squares of old by new value, the more keys the stronger."""
    size = len(counted.edges) - 1
    side = HEIGHT - BOTTOM - TOP
    left = (WIDTH - side * 1.6) / 2
    x = Scale(0, size, left, left + side * 1.6)
    y = Scale(0, size, HEIGHT - BOTTOM, TOP)
    most = max((keys for _, _, keys, _ in counted.cells), default=1)
    areas = []
    for old, new, keys, material in counted.cells:
        bounds: Bounds = [
            [f"{name}.a", *_open_ends(counted.edges, old)],
            [f"{name}.b", *_open_ends(counted.edges, new)],
        ]
        words = (
            f"old about {number(counted.edges[old])}, new about {number(counted.edges[new])}: "
            f"{count(keys, 'key')}"
        )
        place = (x(old), y(new + 1), x(old + 1) - x(old), y(new) - y(new + 1))
        strength = round(0.3 + 0.7 * math.log1p(keys) / math.log1p(most), 2)
        kind = "beyond" if material * 2 > keys else "within"
        areas.append(Area(*place, kind, strength, _query(bounds, None), words))
    line = path_of([(x(0), y(0)), (x(size), y(size))])
    same = Line("here", line, "no change")
    return Picture(_edge_ticks(counted, x), _edge_ticks(counted, y), [], [same], [], areas)


def _edge_ticks(counted: Against, cells: Scale) -> list[Tick]:
    """Round values where the edges are values; else what stands at every fourth of them.

    cells  the scale on which edges are counted
    """
    edges = counted.edges
    if counted.scale == "linear":
        return ticks(Scale(edges[0], edges[-1], cells.start, cells.end))
    marks = range(0, len(edges), (len(edges) - 1) // 4)
    return [Tick(cells(i), number(float(f"{edges[i]:.3g}"))) for i in marks]


def by_group(groups: Sequence[Group], column: str, measure: str) -> Picture:
    """A bar a group, from 0 to what 1 in 20 keys exceeds; a line at the middle."""
    write = partial(size, measure=measure)
    x = Scale(0, max(group.plain_p95 or 0.0 for group in groups) or 1.0, LEFT + 60, WIDTH - RIGHT)
    step = (HEIGHT - BOTTOM - TOP) / len(groups)
    areas: list[Area] = []
    lines: list[Line] = []
    labels: list[Tick] = []
    for i, group in enumerate(groups):
        top = round(TOP + i * step, 1)
        name = "none" if group.value is None else group.value
        words = (
            f"{name}: half of {count(group.n, 'key')} moved by less than "
            f"{write(group.plain_p50 or 0.0)}, 1 in 20 by over {write(group.plain_p95 or 0.0)}"
        )
        query = _query([[column, group.value]], None)
        place = (
            LEFT + 60,
            top + 1,
            max(x(group.plain_p95 or 0.0) - LEFT - 60, 1.0),
            round(step - 2, 1),
        )
        areas.append(Area(*place, "within", 1.0, query, words))
        middle = x(group.plain_p50 or 0.0)
        lines.append(Line("middle", path_of([(middle, top + 1), (middle, top + step - 1)])))
        cut = name if len(name) <= 18 else name[:17] + "…"
        labels.append(Tick(round(top + step / 2, 1), cut + (" *" if group.few else "")))
    return Picture(ticks(x, 6, write), labels, [], lines, [], areas, LEFT + 54)


def _open_ends(edges: Sequence[float], i: int) -> tuple[float | None, float | None]:
    """The bounds of a cell; the outermost are open, since all values beyond are counted there."""
    last = len(edges) - 2
    return (None if i == 0 else edges[i], None if i == last else edges[i + 1])


def _query(bounds: Bounds, by: str | None) -> dict[str, str | None]:
    return {"within": msgspec.json.encode(bounds).decode(), "by": by, "cursor": None}


def _moved_caption(column: ColumnReport, counted: Histogram) -> str:
    plain = column.scalar.plain if column.scalar else None
    typical = ""
    if plain:
        middle, far = size(plain.p50, plain.measure), size(plain.p95, plain.measure)
        typical = f"Half moved by less than {middle}, 1 in 20 by over {far}. "
    still = f"{count(counted.still, 'key')} did not move at all. " if counted.still else ""
    out = counted.below + counted.above
    beyond = f"{count(out, 'key')} lie beyond the axis." if out else ""
    return f"{typical}{still}{beyond}".strip()


def _signed(value: float, measure: str) -> str:
    return f"−{size(-value, measure)}" if value < 0 else size(value, measure)


def _log_ratio(share: float) -> float | None:
    """A change of width as the metric has it; None for a width of 0 and below, which none has."""
    return math.log1p(share) if share > -1 else None


def _wider(share: float) -> str:
    return f"−{percent(-share)}" if share < 0 else percent(share)
