"""Pictures as SVG for a page: their look, and values through versions. Drawn by Vega-Lite.

Text and lines have the colour of the page around them. What is drawn is deterministic: no clock, no
random names, no fonts but those that vl-convert brings along.
"""

import json
import re
from typing import Any, NamedTuple

from estimates.render import vega
from estimates.render.colours import BEYOND, WITHIN

Rows = list[dict[str, Any]]
WIDTH = 360  # of every picture; a page scales it
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
# Where none of these is installed a page shows DejaVu Sans, whose letters are wider: texts are
# measured so much larger than they are shown.
_ROOM = 1.16
_LETTERS = re.compile(r'font-size="([\d.]+)px"')
INK = "currentColor"
PERCENT = "format(datum.value * 100, '~g') + ' %'"
NUMBER = (
    "abs(datum.value) >= 1e6 || (datum.value != 0 && abs(datum.value) < 1e-3)"
    " ? format(datum.value, '.3~g') : format(datum.value, ',~g')"
)
# Attributes of an SVG that say what is so without them, and empty frames around marks.
_IDLE = re.compile(
    r' (?:aria-[a-z]+|role|pointer-events|class|xmlns:xlink|version|font-family)="[^"]*"'
    r'| opacity="1"'
)
_EMPTY = re.compile(r'<path (?:[^<>]* )?(?:d="" display="none"|d="M0,0h0v0h0Z")/>')

_AXIS = {
    "labelColor": INK,
    "labelFontSize": 11.5 * _ROOM,
    "titleColor": INK,
    "titleFontSize": 11.5 * _ROOM,
    "titleFontWeight": "normal",
    "gridColor": INK,
    "gridOpacity": 0.13,
    "domainColor": INK,
    "domainOpacity": 0.5,
    "tickColor": INK,
    "tickOpacity": 0.5,
}


class Limited(NamedTuple):
    """A value of one version beside its limits; `beyond` when it does not keep one of them."""

    version: int
    value: float | None
    warn: float | None
    block: float | None
    beyond: bool


def through_versions(points: list[Limited], *, percent: bool) -> str:
    """A dot a version, orange where it is beyond a limit; the limits as lines, that of warnings
    dashed.
    """
    alt = vega.altair()
    rows = [
        {
            "x": point.version,
            "y": point.value,
            "warn": point.warn,
            "block": point.block,
            "fill": BEYOND if point.beyond else WITHIN,
        }
        for point in points
    ]
    label = PERCENT if percent else NUMBER
    numbers = [point.version for point in points]
    x = alt.X(
        "x:Q",
        title="version",
        scale=alt.Scale(
            domain=[min(numbers), max(numbers) + (min(numbers) == max(numbers))], nice=False
        ),
        axis=axis_of(alt, "datum.value % 1 ? '' : format(datum.value, 'd')", ticks=6),
    )
    values = [
        size
        for point in points
        for size in (point.value, point.warn, point.block)
        if size is not None
    ]
    y_axis = axis_of(alt, label, ticks=5)

    def y(field: str) -> Any:
        scale = alt.Scale(domain=[min([0.0, *values]), max(values, default=0.0) or 1.0], nice=True)
        return alt.Y(f"{field}:Q", title=None, scale=scale, axis=y_axis)

    base = alt.Chart(data_of(alt, rows)).encode(x=x)
    lines = [
        base.mark_line(
            stroke=INK, strokeWidth=1, strokeDash=dash, opacity=0.8, interpolate="step"
        ).encode(y=y(limit))
        for limit, dash in (("warn", [4, 3]), ("block", [1, 0]))
        if any(row[limit] is not None for row in rows)
    ]
    drawn = [row for row in rows if row["y"] is not None]
    dots = alt.Chart(data_of(alt, drawn)).mark_point(
        shape="circle", filled=True, size=22, opacity=0.9
    )
    return drawn_svg(
        *lines, dots.encode(x=x, y=y("y"), fill=alt.Fill("fill:N", scale=None)), height=200
    )


def drawn_svg(*layers: Any, height: int) -> str:
    """Layers as one picture, `height` points high; attributes that say nothing are left out."""
    alt = vega.altair()
    chart = alt.layer(*layers).properties(
        width=WIDTH, height=height, autosize=alt.AutoSizeParams(type="fit", contains="padding")
    )
    look = {"font": _FONT, "background": "transparent", "aria": False, "padding": 3, "axis": _AXIS}
    spec = chart.configure(**look).configure_view(stroke=None).to_dict(validate=False)
    svg = _EMPTY.sub("", _IDLE.sub("", vega.svg(spec)))
    svg = _LETTERS.sub(lambda size: f'font-size="{float(size[1]) / _ROOM:.3g}px"', svg)
    return re.sub(
        r'^<svg ([^>]*?) ?width="\d+" height="\d+"', rf'<svg font-family="{_FONT}" \1', svg
    )


def letters(size: float) -> float:
    """The size of letters in a picture, so that they are shown in this one."""
    return size * _ROOM


def axis_of(alt: Any, label: str, *, ticks: int, **more: Any) -> Any:
    """An axis whose labels are an expression of Vega, with about so many ticks."""
    return alt.Axis(
        labelExpr=label,
        tickCount=ticks,
        labelOverlap="greedy",
        labelSeparation=6,
        labelFlush=False,
        **more,
    )


def data_of(alt: Any, rows: Rows) -> Any:
    """Rows as what a chart draws."""
    return alt.Data(values=rows)


def row_names(rows: Rows) -> str:
    """The name of each row, in Vega's expression language, in which JSON is a value."""
    return json.dumps([row["name"] for row in rows]) + "[datum.value]"
