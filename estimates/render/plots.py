"""Charts to look at in a notebook: what `.plot()` of an object gives.

They need Altair, the extra `charts`.

Each takes rows of plain values and gives an Altair chart, which can be changed further.
"""

from __future__ import annotations

from typing import Any

from estimates.render import vega
from estimates.render.chart import Rows, data_of
from estimates.render.colours import BEYOND, WITHIN

_WIDTH, _HEIGHT = 480, 260


def through_time(rows: Rows, title: str, *, percent: bool) -> Any:
    """Two lines over `versions`: `half` of the keys moved by less, 1 in 20 by more than `far`."""
    alt = vega.altair()
    form = ".2~%" if percent else "~g"
    base = alt.Chart(data_of(alt, rows)).encode(
        x=alt.X("versions:O", title="versions in production", sort=None),
        tooltip=["versions:N", "moved:T", alt.Tooltip("half:Q", format=form)],
    )
    axis = alt.Axis(format=form)
    lines = [
        base.mark_line(color=colour, point={"color": colour}).encode(
            y=alt.Y(f"{name}:Q", title=title, axis=axis)
        )
        for name, colour in (("half", WITHIN), ("far", BEYOND))
    ]
    return alt.layer(*lines).properties(width=_WIDTH, height=_HEIGHT)


def values(rows: Rows, x: str, title: str, *, dated: bool, series: bool, band: bool) -> Any:
    """A line of `value` over `x`, a line a `series`; with `lower` and `upper` a band around it."""
    alt = vega.altair()
    over = alt.X(f"x:{'T' if dated else 'O'}", title=x)
    base = alt.Chart(data_of(alt, rows)).encode(x=over)
    if series:
        base = base.encode(color=alt.Color("series:N", title=None))
    else:
        base = base.encode(color=alt.value(WITHIN))
    line = base.mark_line(point=True).encode(
        y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
        tooltip=["series:N", "x:N", "value:Q"],
    )
    area = base.mark_area(opacity=0.2).encode(y="lower:Q", y2="upper:Q")
    layers = [area, line] if band else [line]
    return alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT)


def bars(rows: Rows, title: str) -> Any:
    """A bar of `value` for each `name`, those `beyond` a limit in the strong colour; `text` beside
    it.
    """
    alt = vega.altair()
    base = alt.Chart(data_of(alt, rows)).encode(
        y=alt.Y("name:N", sort=None, title=None),
        x=alt.X("value:Q", title=title),
        tooltip=["name:N", "text:N"],
    )
    fill = alt.Color("beyond:N", scale=alt.Scale(domain=[False, True], range=[WITHIN, BEYOND]))
    return base.mark_bar().encode(color=fill.legend(None)).properties(width=_WIDTH)


def moments(rows: Rows) -> Any:
    """A dot for each version `published` of a `set`, by its `state`."""
    alt = vega.altair()
    return (
        alt.Chart(data_of(alt, rows))
        .mark_circle(size=60)
        .encode(
            x=alt.X("published:T", title="published"),
            y=alt.Y("set:N", title=None),
            color=alt.Color("state:N"),
            tooltip=["set:N", "version:N", "state:N", "published:T"],
        )
        .properties(width=_WIDTH)
    )
