"""Charts to look at in a notebook: what `.plot()` of an object gives.

They need Altair, the extra `charts`.

Each takes rows of plain values and gives an Altair chart, which can be changed further and which a
notebook shows without asking another host for anything. Times are UTC wherever the reader is, and
labels of axes are whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from estimates.render import vega
from estimates.render.chart import Rows, data_of
from estimates.render.colours import BEYOND, WITHIN

SERIES = 10  # lines that a reader can tell apart: there are as many colours

_WIDTH, _HEIGHT = 480, 260
_TICKS = 6
_QUIET = "#a9b4c0"
_STATES = {
    "production": WITHIN,
    "candidate": "#3f9c8f",
    "superseded": _QUIET,
    "rolled back": "#a0527e",
    "refused": BEYOND,
    "unjudged": "#c2a83e",
    "expired": "#dfe3e8",
}
_HALF, _FAR = "half of the keys moved by less", "1 in 20 moved by more"


def through_time(rows: Rows, title: str, *, percent: bool) -> Any:
    """Two lines over the moves of production, `versions`: `half` of the keys moved by less, 1 in 20
    by more than `far`.
    """
    alt = vega.altair()
    form = ".2~%" if percent else "~g"
    points = [
        {"move": at, "versions": row["versions"], "moved": row["moved"][:16], "of": of, "change": x}
        for at, row in enumerate(rows)
        for of, x in ((_HALF, row["half"]), (_FAR, row["far"]))
    ]
    names = json.dumps([row["versions"] for row in rows]) + "[datum.value]"
    axis = alt.Axis(labelExpr=names, labelAngle=0, labelOverlap="greedy")
    return vega.in_notebooks(
        alt.Chart(data_of(alt, points))
        .mark_line(point=True)
        .encode(
            x=alt.X("move:O", title="versions in production", axis=axis),
            y=alt.Y("change:Q", title=title, axis=alt.Axis(format=form)),
            color=_coloured(alt, "of", {_HALF: WITHIN, _FAR: BEYOND}),
            tooltip=["versions:N", "moved:N", "of:N", alt.Tooltip("change:Q", format=form)],
        )
        .properties(width=_WIDTH, height=_HEIGHT)
    )


def values(
    rows: Rows,
    x: str,
    title: str,
    *,
    dated: bool = False,
    band: bool = False,
    left_out: str = "",
) -> Any:
    """A line of `value` over `x`, a line a `series`, of which SERIES at most; with `lower` and
    `upper` a band around it.

    left_out  what is not drawn, in words
    """
    alt = vega.altair()
    names = list(dict.fromkeys(row["series"] for row in rows))
    shown, series = [row for row in rows if row["series"] in names[:SERIES]], len(names) > 1
    over = alt.X("x:O", title=x, sort=None, axis=alt.Axis(labelOverlap="greedy"))
    if dated:
        over = _time(alt, "x", x, [row["x"] for row in shown])
    look = alt.Legend(symbolOpacity=1, symbolType="stroke", symbolStrokeWidth=2)
    of_series = alt.Color("series:N", title=None, sort=None, legend=look)
    base = alt.Chart(data_of(alt, shown)).encode(
        x=over, color=of_series if series else alt.value(WITHIN)
    )
    line = base.mark_line(point=True).encode(
        y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
        tooltip=[*(["series:N"] if series else []), "x:N", "value:Q"],
    )
    area = base.mark_area(opacity=0.2).encode(y="lower:Q", y2="upper:Q")
    if len(names) > SERIES:
        left_out = f"{SERIES} of {len(names):,} series"
    if not rows:
        left_out = "nothing to draw"
    drawn = alt.layer(*([area, line] if band else [line]))
    drawn = drawn.properties(width=_WIDTH, height=_HEIGHT, **_note(alt, left_out))
    return vega.in_notebooks(drawn)


def bars(rows: Rows, title: str, *, within: str, beyond: str) -> Any:
    """A bar of `value` for each `name`, its `text` right of it; those `beyond` a limit in the
    strong colour.

    within, beyond  what the two colours mean
    """
    alt = vega.altair()
    drawn = [
        row | {"of": beyond if row["beyond"] else within, "end": max(row["value"], 0.0)}
        for row in rows
    ]
    base = alt.Chart(data_of(alt, drawn)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
        x=alt.X("value:Q", title=title),
        tooltip=["name:N", "text:N"],
    )
    texts = base.mark_text(align="left", dx=4, fontSize=10).encode(
        x=alt.X("end:Q", title=title), text="text:N"
    )
    colours = {within: WITHIN, beyond: BEYOND}
    present = {row["of"] for row in drawn}
    fill = _coloured(alt, "of", {what: c for what, c in colours.items() if what in present})
    drawn_bars = base.mark_bar().encode(color=fill)
    return vega.in_notebooks(alt.layer(drawn_bars, texts).properties(width=_WIDTH))


def moments(rows: Rows) -> Any:
    """A dot for each version `published` of a `set`, by its `state`."""
    alt = vega.altair()
    present = {row["state"] for row in rows}
    return vega.in_notebooks(
        alt.Chart(data_of(alt, rows))
        .mark_circle(size=60, opacity=1)
        .encode(
            x=_time(alt, "published", "published", [row["published"] for row in rows]),
            y=alt.Y("set:N", title=None, axis=alt.Axis(labelLimit=260)),
            color=_coloured(alt, "state", {s: c for s, c in _STATES.items() if s in present}),
            tooltip=["set:N", "version:N", "state:N", "published:N"],
        )
        .properties(width=_WIDTH)
    )


def _coloured(alt: Any, field: str, colours: dict[str, str]) -> Any:
    """The colour of each word, and above the picture what it stands for."""
    scale = alt.Scale(domain=[*colours], range=[*colours.values()])
    legend = alt.Legend(orient="top", symbolOpacity=1, labelLimit=260)
    return alt.Color(f"{field}:N", title=None, scale=scale, legend=legend)


def _note(alt: Any, text: str) -> dict[str, Any]:
    look = {"anchor": "start", "fontSize": 11, "fontWeight": "normal"}
    return {"title": alt.TitleParams(text, **look)} if text else {}


def _time(alt: Any, field: str, title: str, texts: Sequence[str]) -> Any:
    """An axis of times in UTC: days, or within a few of them the time of day and below it which
    day.
    """
    times = [datetime.fromisoformat(text) for text in texts]
    first, last = min(times, default=None), max(times, default=None)
    span = last - first if first is not None and last is not None else timedelta()
    form, ticks = "%Y-%m-%d", _TICKS
    if all(len(text) == len(date.min.isoformat()) for text in texts) or span >= timedelta(days=3):
        if span.days <= 10 * _TICKS:
            ticks = alt.TimeIntervalStep(interval="day", step=math.ceil((span.days + 1) / _TICKS))
    else:
        form = "%m-%d %H:%M" if span >= timedelta(hours=20) else "%H:%M"
        form = "%H:%M:%S" if span < timedelta(minutes=_TICKS) else form
        title = f"{title}, UTC" + (f", {first:%Y-%m-%d}" if form.startswith("%H") else "")
    axis = alt.Axis(format=form, tickCount=ticks, labelOverlap="greedy", labelFlush=False)
    return alt.X(f"{field}:T", title=title, scale=alt.Scale(type="utc"), axis=axis)
