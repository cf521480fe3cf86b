"""Pictures as SVG, drawn by Vega-Lite through Altair and vl-convert: no browser, no script, no
network.

Text and lines have the colour of the page around them. What is drawn is deterministic: no clock, no
random names, no fonts but those that vl-convert brings along.
"""

from __future__ import annotations

import json
import math
from typing import Any

from estimates.render import vega
from estimates.render.change_text import moved_by
from estimates.render.chart import (
    INK,
    NUMBER,
    PERCENT,
    WIDTH,
    Rows,
    axis_of,
    data_of,
    drawn_svg,
    letters,
    row_names,
)
from estimates.render.colours import BEYOND, WITHIN
from estimates.render.section import key_name
from estimates.render.wording import cells, cut, numbers, visible
from estimates.stability.label_report import Transitions
from estimates.stability.pages.change_sections import Move, group_name, is_material
from estimates.stability.pages.pictures import Against, Histogram
from estimates.stability.report import Group

_NUMBERED = 8  # labels: more, and the numbers in a square of labels have no room
_TICKS = 6  # on a logarithmic axis
_DECADES = 2  # up to so many there is room for 2 and 5 besides 1
_ROW = 44  # characters in a line of a picture
_LABEL = 40  # characters of a key beside its bar


def distribution(histogram: Histogram, axis: str, marks: tuple[float, ...] = ()) -> str:
    """Bars of keys by how far they moved, the ones beyond the limit in orange; a dashed line at
    each of `marks`.
    """
    alt = vega.altair()
    rows: Rows = []
    for i, (within, beyond) in enumerate(zip(histogram.within, histogram.beyond, strict=True)):
        ends = {
            "x": (histogram.first + i) * histogram.width,
            "x2": (histogram.first + i + 1) * histogram.width,
        }
        rows += [ends | {"y": 0, "y2": within, "fill": WITHIN}] if within else []
        rows += [ends | {"y": within, "y2": within + beyond, "fill": BEYOND}] if beyond else []
    room = histogram.width / 2
    low = min([0.0, *(row["x"] - room for row in rows)])
    high = max([0.0, *(row["x2"] + room for row in rows)])
    lines = [(0.0, [1, 0]), *((at, [4, 3]) for at in marks if low < at < high)]
    label = PERCENT if histogram.unit is None else NUMBER
    x = alt.X(
        "x:Q",
        title=axis,
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=axis_of(alt, label, ticks=7),
    )
    y = alt.Y("y:Q", title="keys", axis=axis_of(alt, NUMBER, ticks=5, tickMinStep=1))
    bars = alt.Chart(data_of(alt, rows)).mark_rect(stroke=None)
    return drawn_svg(
        bars.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", fill=alt.Fill("fill:N", scale=None)),
        *(
            alt.Chart(data_of(alt, [{"x": at}]))
            .mark_rule(stroke=INK, strokeDash=dash)
            .encode(x="x:Q")
            for at, dash in lines
        ),
        height=220,
    )


def against(cells: Against, unit: str | None) -> str:
    """Old values to the right, new ones upwards: the darker a cell, the more keys; and the band of
    the tolerance.
    """
    alt = vega.altair()
    edges = cells.edges
    low, high = edges[0], edges[-1]
    most = math.log1p(max(n for _, _, n, _ in cells.cells))
    rows = [
        {
            "x": edges[i],
            "x2": edges[i + 1],
            "y": edges[j],
            "y2": edges[j + 1],
            "fill": BEYOND if 2 * material > n else WITHIN,
            "shade": round(0.4 + 0.6 * math.log1p(n) / most, 3),
        }
        for i, j, n, material in cells.cells
    ]
    around = [
        {"x": x, "y": min(max(y, low), high), "y2": max(min(y2, high), low)}
        for x, y, y2 in cells.band
    ]
    same = [{"x": edge, "y": edge} for edge in edges]
    x, y = _both_axes(alt, cells, unit)
    squares = alt.Chart(data_of(alt, rows)).mark_rect(stroke=None)
    shade = {
        "fill": alt.Fill("fill:N", scale=None),
        "fillOpacity": alt.FillOpacity("shade:Q", scale=None),
    }
    line = alt.Chart(data_of(alt, same)).mark_line(stroke=INK, strokeWidth=0.75, opacity=0.7)
    return drawn_svg(
        alt.Chart(data_of(alt, around))
        .mark_area(fill=INK, opacity=0.16)
        .encode(x=x, y=y, y2="y2:Q"),
        line.encode(x=x, y=y),
        squares.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", **shade),
        height=WIDTH,
    )


def _both_axes(alt: Any, cells: Against, unit: str | None) -> tuple[Any, Any]:
    symlog = cells.scale == "symlog"
    more = {"constant": cells.constant} if symlog else {"zero": False}
    scale = alt.Scale(
        domain=[cells.edges[0], cells.edges[-1]], nice=False, type=cells.scale, **more
    )
    axis = axis_of(
        alt, NUMBER, ticks=6, **({} if cells.scale == "linear" else {"values": _ticks(cells)})
    )
    of = f" ({cut(visible(unit), _LABEL)})" if unit else ""
    return (
        alt.X("x:Q", title=f"old value{of}", scale=scale, axis=axis),
        alt.Y("y:Q", title=f"new value{of}", scale=scale, axis=axis),
    )


def movers(moves: list[Move], unit: str | None, rtol: float, atol: float) -> str:
    """A bar for each of the largest moves, to the left for down, under its key and values."""
    alt = vega.altair()
    plain = all(move.change.plain is not None for move in moves)
    points = plain and any(move.measure == "points" for move in moves)
    rows: Rows = []
    for i, move in enumerate(moves):
        change = move.change
        values = " → ".join(numbers(change.a, change.b, change.d))
        size = change.plain if plain else change.d
        rows.append(
            {
                "row": i,
                "name": _name(move),
                "moved": moved_by(change.a, change.b, change.plain, move.measure),
                "values": values,
                "x": 0.0 if size is None else size,
                "fill": BEYOND if is_material(change, rtol, atol) else WITHIN,
            }
        )
    unit = "percentage points" if points else unit
    title = "change" + ("" if plain and not points else f" ({visible(unit)})" if unit else "")
    ends = [row["x"] for row in rows]
    x = alt.X(
        "x:Q",
        title=title,
        scale=alt.Scale(domain=[min(0.0, *ends), max(0.0, *ends)], nice=False),
        axis=axis_of(alt, PERCENT if plain and not points else NUMBER, ticks=6),
    )
    base = alt.Chart(data_of(alt, rows)).encode(
        y=alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0.0))
    )
    look = {"baseline": "bottom", "fill": INK, "fontSize": letters(12)}
    text = base.mark_text()
    return drawn_svg(
        base.mark_bar(size=8, yOffset=12).encode(x=x, fill=alt.Fill("fill:N", scale=None)),
        *(
            text.encode(x=alt.value(end), text=f"{column}:N").mark_text(align=align, dy=dy, **look)
            for column, end, align, dy in (
                ("name", 0, "left", -11),
                ("moved", 0, "left", 4),
                ("values", "width", "right", 4),
            )
        ),
        height=50 * len(rows) + 45,
    )


def groups(shown: list[Group], by: str, measure: str) -> str:
    """For each group a dot at the median and a line to the change that 1 in 20 keys exceeds."""
    alt = vega.altair()
    rows = _spread(shown)
    x = alt.X("p50:Q", **_size_axis(alt, measure))
    y = alt.Y(
        "row:O",
        title=cut(visible(by), _LABEL),
        axis=alt.Axis(
            labelExpr=row_names(rows),
            labelLimit=120,
            domain=False,
            ticks=False,
            grid=False,
            titleAngle=-90,
        ),
    )
    base = alt.Chart(data_of(alt, rows)).encode(y=y)
    return drawn_svg(
        *_ranges(base, x=x, x2="p95:Q", far=alt.X("p95:Q")), height=18 * len(rows) + 55
    )


def horizons(shown: list[Group], by: str, measure: str) -> str:
    """The same standing upright, one for each step into the future."""
    alt = vega.altair()
    rows = _spread(shown)
    y = alt.Y("p50:Q", **_size_axis(alt, measure))
    x = alt.X(
        "row:O",
        title=by,
        axis=alt.Axis(
            labelExpr=row_names(rows),
            labelAngle=0,
            labelOverlap="greedy",
            ticks=False,
            grid=False,
            domain=True,
        ),
    )
    base = alt.Chart(data_of(alt, rows)).encode(x=x)
    return drawn_svg(*_ranges(base, y=y, y2="p95:Q", far=alt.Y("p95:Q")), height=240)


def transitions(labels: Transitions) -> str:
    """A square of labels, old by new, each with its number of keys: blue where the label stayed,
    orange elsewhere.
    """
    alt = vega.altair()
    names = [cut(visible("null" if label is None else label), _LABEL) for label in labels.labels]
    names += [f"{labels.pooled} others"] if labels.pooled else []
    largest = math.log1p(max(1, *(n for row in labels.counts for n in row)))
    rows = [
        {
            "old": i,
            "new": j,
            "keys": f"{n:,}",
            "fill": WITHIN if i == j else BEYOND,
            "shade": round(0.15 + 0.75 * math.log1p(n) / largest, 3),
        }
        for i, row in enumerate(labels.counts)
        for j, n in enumerate(row)
        if n
    ]
    every = list(range(len(names)))
    label = json.dumps(names) + "[datum.value]"
    look = {"labelExpr": label, "ticks": False, "domain": False, "grid": False, "labelLimit": 90}
    base = alt.Chart(data_of(alt, rows)).encode(
        x=alt.X(
            "new:O",
            title="new label",
            scale=alt.Scale(domain=every),
            axis=alt.Axis(labelAngle=-40, **look),
        ),
        y=alt.Y("old:O", title="old label", scale=alt.Scale(domain=every), axis=alt.Axis(**look)),
    )
    shade = {
        "fill": alt.Fill("fill:N", scale=None),
        "fillOpacity": alt.FillOpacity("shade:Q", scale=None),
    }
    layers = [base.mark_rect(stroke=None).encode(**shade)]
    if len(names) <= _NUMBERED:
        layers.append(base.mark_text(fill=INK, fontSize=letters(11)).encode(text="keys:N"))
    return drawn_svg(*layers, height=WIDTH)


def _ranges(base: Any, far: Any, **ends: Any) -> list[Any]:
    axis = "x" if "x" in ends else "y"
    return [
        base.mark_rule(stroke=WITHIN, strokeWidth=5, opacity=0.45).encode(**ends),
        base.mark_point(shape="circle", filled=True, fill=WITHIN, size=45, opacity=1).encode(
            **{axis: ends[axis]}
        ),
        base.mark_tick(color=BEYOND, thickness=3, size=11).encode(**{axis: far}),
    ]


def _size_axis(alt: Any, measure: str) -> dict[str, Any]:
    points = measure == "points"
    of = " (pp)" if points else ""
    axis = axis_of(alt, NUMBER if points else PERCENT, ticks=6)
    return {"title": f"change{of}: median and 95 %", "axis": axis}


def _spread(shown: list[Group]) -> Rows:
    measured = [group for group in shown if group.plain_p50 is not None]
    return [
        {
            "row": i,
            "name": cut(visible(group_name(group)), _LABEL),
            "p50": group.plain_p50,
            "p95": group.plain_p95,
        }
        for i, group in enumerate(measured)
    ]


def _name(move: Move) -> str:
    """The key, as long as it has room in a line, and how many more moved alike."""
    after = f" and {move.others} more" if move.others else ""
    room = _ROW - len(after)
    key = visible(key_name(move.change.key, room))
    while cells(key) > room:
        key = cut(key, len(key) - 1)
    # isolated: letters that run to the left must not take the number along
    return f"\u2068{key}\u2069{after}"


def _ticks(cells: Against) -> list[float]:
    """About six round values for a logarithmic axis, on both sides of 0 if it has two; Vega would
    write too many.
    """
    low, high = cells.edges[0], cells.edges[-1]
    largest = max(abs(low), abs(high))
    symlog = cells.scale == "symlog"
    least = 10 * cells.constant if symlog else low  # closer to 0 the values crowd
    decades = range(math.floor(math.log10(least)), math.floor(math.log10(largest)) + 1)
    steps = (1, 2, 5) if len(decades) <= _DECADES else (1,)
    sizes = [step * 10.0**decade for decade in decades for step in steps]
    sizes = sizes[:: -max(1, math.ceil(len(sizes) / (_TICKS / 2 if symlog else _TICKS)))][::-1]
    signed = [*(-x for x in reversed(sizes)), 0.0, *sizes] if symlog else sizes
    return [x for x in signed if low <= x <= high]
