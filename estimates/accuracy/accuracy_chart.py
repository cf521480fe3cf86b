"""Accuracy as one picture, SVG or PNG: coverage against what was promised, PIT, error by horizon,
all versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from estimates.accuracy.accuracy_report import ColumnScores, Scored, SetAccuracy, Slice, Together
from estimates.errors import InvalidError
from estimates.render import vega
from estimates.render.wording import count

KINDS = ("svg", "png")
_BLUE, _ORANGE, _GREY = "#5b8fc7", "#e07b39", "#9aa4b0"  # told apart by every eye
_SIZE = {"width": 260, "height": 200}
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_PERCENT = "format(datum.value * 100, '~g') + ' %'"
_VERSIONS = 60  # the newest ones; more bars than that cannot be told apart

Rows = list[dict[str, Any]]


def draw(accuracy: SetAccuracy, kind: str) -> bytes:
    """A row of pictures for each column of a set that was scored; `kind` is one of KINDS.

    The same scores give the same picture. Raises InvalidError (`no_charts`) without the extra
    `charts`, (`nothing_to_draw`) when no version was scored.
    """
    alt = vega.altair()
    rows = [
        alt.hconcat(*panels, spacing=36).resolve_scale(color="independent")
        for panels in _rows(alt, accuracy)
        if panels
    ]
    if not rows:
        raise InvalidError(
            "nothing_to_draw",
            f"{accuracy.set}: no version was scored yet, so there is nothing to draw",
            remedy="score versions with --actuals first",
        )
    title = alt.TitleParams(
        f"{accuracy.set}: {count(len(accuracy.versions), 'version')} scored", offset=14
    )
    chart = alt.vconcat(*rows, spacing=40, title=title).configure(
        font=_FONT, background="white", padding=16
    )
    spec = chart.configure_view(stroke=None).to_dict()
    return vega.png(spec) if kind == "png" else vega.svg(spec).encode()


def _rows(alt: Any, accuracy: SetAccuracy) -> Iterator[list[Any]]:
    for name, pooled in accuracy.together.items():
        versions = [
            (scored, scored.scores.columns[name])
            for scored in accuracy.versions
            if name in scored.scores.columns
        ]
        unit = f" ({versions[-1][1].unit})" if versions[-1][1].unit else ""
        panels = [
            _coverage(alt, f"{name}: inside the interval", pooled),
            _pit(alt, f"{name}: where actual values fall", pooled),
            _by_step(alt, f"{name}: error by step of the target", pooled.horizons, unit),
            _by_version(alt, f"{name}: version by version", versions[-_VERSIONS:], unit),
        ]
        yield [panel for panel in panels if panel is not None]


def _coverage(alt: Any, title: str, pooled: Together) -> Any:
    """A dot and Wilson's interval for each level; on the line is as promised."""
    rows: Rows = [
        {
            "level": interval.level,
            "covered": interval.covered,
            "low": interval.covered_low,
            "high": interval.covered_high,
        }
        for interval in pooled.intervals
        if interval.covered is not None
    ]
    if not rows:
        return None
    low = min(0.5, *(row[name] for row in rows for name in ("level", "low")))
    scale, axis = alt.Scale(domain=[low, 1], nice=False), alt.Axis(labelExpr=_PERCENT, tickCount=6)
    x = alt.X("level:Q", title="promised", scale=scale, axis=axis)
    y = alt.Y("covered:Q", title="happened", scale=scale, axis=axis)
    line = alt.Chart(alt.Data(values=[{"level": at, "covered": at} for at in (low, 1)]))
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    ranges = base.mark_rule(color=_BLUE, strokeWidth=2).encode(
        y=alt.Y("low:Q", title="happened"), y2="high:Q"
    )
    dots = base.mark_point(shape="circle", filled=True, color=_BLUE, size=70, opacity=1).encode(y=y)
    return alt.layer(
        line.mark_line(color=_GREY, strokeDash=[4, 3]).encode(x=x, y=y), ranges, dots
    ).properties(title=title, **_SIZE)


def _pit(alt: Any, title: str, pooled: Together) -> Any:
    """Bars as wide as their bin and as high as actual values are dense there; 1 is what they should
    be.
    """
    if not pooled.pit:
        return None
    rows: Rows = [
        {
            "low": pit_bin.low,
            "high": pit_bin.high,
            "base": 0,
            "density": pit_bin.share / pit_bin.expected,
        }
        for pit_bin in pooled.pit
    ]
    x = alt.X(
        "low:Q",
        title="quantile",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    y = alt.Y("density:Q", title="as often as promised (1)", scale=alt.Scale(zero=True))
    bars = alt.Chart(alt.Data(values=rows)).mark_rect(color=_BLUE, stroke="white")
    line = alt.Chart(alt.Data(values=[{"density": 1}])).mark_rule(color=_GREY, strokeDash=[4, 3])
    return alt.layer(
        bars.encode(x=x, x2="high:Q", y=y, y2="base:Q"), line.encode(y="density:Q")
    ).properties(title=title, **_SIZE)


def _by_step(alt: Any, title: str, horizons: list[Slice], unit: str) -> Any:
    """A bar for each step: the first loss of `kinds` that some step has."""
    kinds = (
        ("mean absolute error" + unit, "mae"),
        ("WIS" + unit, "wis"),
        ("Brier score", "brier"),
        ("right", "right"),
    )
    name, field = next(
        ((n, f) for n, f in kinds if any(getattr(h, f) is not None for h in horizons)), ("", "")
    )
    if len(horizons) < 2 or not field:
        return None
    rows: Rows = [{"step": int(step.value or 0), "loss": getattr(step, field)} for step in horizons]
    x = alt.X("step:O", title="step", axis=alt.Axis(labelAngle=0))
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(color=_BLUE)
    return bars.encode(x=x, y=alt.Y("loss:Q", title=name)).properties(title=title, **_SIZE)


def _by_version(
    alt: Any, title: str, versions: list[tuple[Scored, ColumnScores]], unit: str
) -> Any:
    """The WIS of each version in its parts; without a distribution its error, or how often it was
    right.
    """
    x = alt.X("version:O", title="version", axis=alt.Axis(labelAngle=0, labelOverlap="greedy"))
    parts: Rows = [
        {
            "version": scored.scores.version,
            "part": part,
            "order": order,
            "loss": getattr(column.distribution, name),
        }
        for scored, column in versions
        for order, (part, name) in enumerate(_PARTS.items())
        if column.distribution is not None and column.distribution.dispersion is not None
    ]
    if parts:
        colours = alt.Scale(domain=list(_PARTS), range=[_GREY, _BLUE, _ORANGE])
        legend = alt.Legend(title=None, orient="bottom")
        bars = alt.Chart(alt.Data(values=parts)).mark_bar()
        return bars.encode(
            x=x,
            y=alt.Y("loss:Q", title="WIS" + unit),
            color=alt.Color("part:N", scale=colours, legend=legend),
            order="order:O",
        ).properties(title=title, **_SIZE)
    name, rows = _first_loss(versions, unit)
    if not rows:
        return None
    bars = alt.Chart(alt.Data(values=rows)).mark_bar(color=_BLUE)
    return bars.encode(x=x, y=alt.Y("loss:Q", title=name)).properties(title=title, **_SIZE)


_PARTS = {
    "spread": "dispersion",
    "actual value below": "penalty_below",
    "actual value above": "penalty_above",
}


def _first_loss(versions: list[tuple[Scored, ColumnScores]], unit: str) -> tuple[str, Rows]:
    """The first of the losses that some version has, by version."""
    for title, part, field in (
        ("mean absolute error" + unit, "point", "mae"),
        ("WIS" + unit, "distribution", "wis"),
        ("Brier score", "probability", "brier"),
        ("share of right labels", "label", "right"),
    ):
        rows: Rows = [
            {"version": scored.scores.version, "loss": getattr(getattr(column, part), field)}
            for scored, column in versions
            if getattr(column, part) is not None
        ]
        if rows:
            return title, rows
    return "", []
