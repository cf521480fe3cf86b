"""The report as one HTML page with its pictures inside: nothing is loaded, nothing runs, and it
prints.
"""

from __future__ import annotations

from collections.abc import Iterator

from estimates.render.change_text import size
from estimates.render.html import document, escaped, figure, isolated, legend, note, table
from estimates.render.wording import count, percent, times, visible
from estimates.stability.label_report import LabelReport
from estimates.stability.pages import charts
from estimates.stability.pages.change_sections import (
    collapsed,
    largest_groups,
    measure_of,
    tolerance,
)
from estimates.stability.pages.pictures import (
    MOST_COLUMNS,
    POINTS,
    Against,
    Histogram,
    IntervalPictures,
    Pictures,
)
from estimates.stability.pages.sections import (
    NARROW,
    PAGE_LIMITS,
    detailed,
    interval_name,
    not_shown,
    sections,
    title,
    version,
)
from estimates.stability.report import ColumnReport, Group, IntervalReport, KeysReport, Report

_MOVERS = 10
_GROUPS = 25
_WIDTH_MARKS = (-0.2, 0.25)


def render_html(report: Report, pictures: Pictures | None) -> str:
    """A page that can be sent to somebody: headline, pictures, and the tables they come from.

    pictures  of the same two versions; None leaves out those that show all keys, for a report
              without its rows
    The same arguments give the same page. Raises InvalidError (`no_charts`) without the extra
    `charts`.
    """
    figures: list[str] = []
    if report.keys.common and not report.identical:
        names = detailed(report)[:MOST_COLUMNS]
        figures += [
            _block(n, report.columns[n].unit, _column_figures(report, pictures, n)) for n in names
        ]
        figures += [
            _block(n, None, _label_figures(c.label))
            for n, c in report.columns.items()
            if c.label is not None
        ]
        for i, interval in enumerate(report.intervals):
            drawn = pictures.intervals[i] if pictures and i < len(pictures.intervals) else None
            figures.append(
                _block(
                    f"Interval {interval_name(interval)}", None, _interval_figures(interval, drawn)
                )
            )
        figures += _undrawn(report, pictures)
    return _page(report, figures)


def render_numbers(report: Report) -> str:
    """The same page without pictures: no library draws, and it says how to have them drawn."""
    command = f"estimates diff {report.set} A B --format html"
    return _page(report, [note(f"`{command}` draws the comparison of versions A and B.")])


def _page(report: Report, figures: list[str]) -> str:
    parts = [
        _head(report),
        *_key_figures_of_report(report),
        *figures,
        "<h2>Numbers</h2>",
        '<div class="tables">',
        *(table(s, whole=s.name not in NARROW) for s in sections(report, PAGE_LIMITS)),
        "</div>",
    ]
    left_out = not_shown(report, PAGE_LIMITS)
    parts += [note(left_out)] if left_out else []
    return document(title(report), "\n".join(part for part in [*parts, _foot(report)] if part))


def _head(report: Report) -> str:
    versions = f"{isolated(version(report.from_))} → {isolated(version(report.to))}"
    of = f"{isolated(report.set)} · " if report.set else ""
    return f"<header>\n<p>{of}{versions}</p>\n<h1>{escaped(report.headline)}</h1>\n</header>"


def _key_figures_of_report(report: Report) -> list[str]:
    numbers = _key_facts(report.keys)
    names = detailed(report)
    if report.keys.common and not report.identical and names:
        scalar = report.columns[names[0]].scalar
        assert scalar is not None
        plain = scalar.plain
        if plain:
            numbers.append(("typical change", size(plain.p50, plain.measure)))
            numbers.append(("1 in 20 beyond", size(plain.p95, plain.measure)))
        numbers += [(f"beyond {tolerance(report)}", percent(scalar.material_share))]
    cells = "".join(
        f"<div><dt>{escaped(what)}</dt><dd>{escaped(value)}</dd></div>" for what, value in numbers
    )
    return [f'<dl class="facts">{cells}</dl>']


def _key_facts(keys: KeysReport) -> list[tuple[str, str]]:
    numbers = [
        ("keys compared", f"{keys.common:,}"),
        ("added", f"{keys.added:,}"),
        ("removed", f"{keys.removed:,}"),
    ]
    if keys.elapsed is not None and keys.advanced is not None:
        numbers += [("elapsed", f"{keys.elapsed:,}"), ("advanced", f"{keys.advanced:,}")]
    return (
        numbers
        if keys.identical_share is None
        else [*numbers, ("rows identical", percent(keys.identical_share))]
    )


def _column_figures(report: Report, pictures: Pictures | None, name: str) -> Iterator[str]:
    column, drawn = report.columns[name], pictures.columns.get(name) if pictures else None
    limit = f"the tolerance of {tolerance(report)}"
    if drawn and drawn.change:
        unit = POINTS if drawn.change.unit == POINTS else column.unit
        axis = (
            f"change ({visible(unit or 'in its own unit')})"
            if drawn.change.unit is not None
            else "change relative to the old value"
        )
        svg = charts.distribution(drawn.change, axis)
        yield figure(
            "How far each key moved",
            svg,
            _moved(column, drawn.change),
            legend(f"within {limit}", "beyond it"),
        )
    if drawn and drawn.against:
        svg = charts.against(drawn.against, column.unit)
        yield figure(
            "Old against new",
            svg,
            _against(drawn.against, limit),
            legend("mostly within it", "mostly beyond"),
        )
    scalar = column.scalar
    moves = collapsed(scalar)[:_MOVERS]
    if moves:
        svg = charts.movers(moves, column.unit, report.rtol, report.atol)
        yield figure(
            "Largest moves",
            svg,
            "The keys that moved by the largest factor, up or down.",
        )
    if any(group.p95 is not None for group in column.horizons):
        shown = largest_groups(column.horizons, _GROUPS)
        yield figure(
            "Change by horizon",
            charts.horizons(shown, "steps ahead", measure_of(scalar)),
            _ranges(shown, len(column.horizons)),
        )
    for by, groups in column.groups.items():
        if any(group.p95 is not None for group in groups):
            shown = largest_groups(groups, _GROUPS)
            drawn_groups = charts.groups(shown, by, measure_of(scalar))
            yield figure(f"Change by {by}", drawn_groups, _ranges(shown, len(groups)))


def _moved(column: ColumnReport, histogram: Histogram) -> str:
    scalar = column.scalar
    p = scalar.plain if scalar else None
    parts = [_typical(size(p.p50, p.measure), size(p.p95, p.measure)) if p else ""]
    parts += [f"{count(histogram.still, 'key')} did not move at all." if histogram.still else ""]
    return " ".join(part for part in [*parts, _further(histogram)] if part)


def _typical(half: str, most: str) -> str:
    return (
        f"Nearly all moved by {half}."
        if half == most
        else f"Half moved by less than {half}, 1 in 20 by over {most}."
    )


def _further(histogram: Histogram) -> str:
    out = [
        f"{count(n, 'key')} further {where}"
        for n, where in ((histogram.below, "to the left"), (histogram.above, "to the right"))
        if n
    ]
    return f"Beyond the axis: {', '.join(out)}." if out else ""


def _against(drawn: Against, limit: str) -> str:
    scale = {
        "linear": "",
        "log": " The axes are logarithmic.",
        "symlog": " The axes are logarithmic on both sides of 0.",
    }
    shades = "The more keys a square holds, the stronger its colour."
    return (
        f"On the line nothing changed; the band around it is {limit}. {shades}{scale[drawn.scale]}"
    )


def _ranges(shown: list[Group], of: int) -> str:
    note = (
        f" The {len(shown)} that moved most; {of - len(shown):,} more in the JSON."
        if len(shown) < of
        else ""
    )
    few = " * fewer than 30 keys." if any(group.few for group in shown) else ""
    return (
        f"The dot is the middle change; the bar ends where 1 in 20 keys moves further.{note}{few}"
    )


def _label_figures(label: LabelReport) -> Iterator[str]:
    transitions = label.transitions
    if transitions is None or not transitions.labels:
        return
    pooled = (
        f" The {len(transitions.labels)} labels with the most keys; "
        f"{transitions.pooled} others together."
        if transitions.pooled
        else ""
    )
    caption = (
        f"Keys by old label (row) and new label (column): {percent(label.churn)} of "
        f"{count(label.n, 'key')} changed. "
        f"On the diagonal the label stayed, in orange it changed.{pooled}"
    )
    yield figure("From label to label", charts.transitions(transitions), caption)


def _interval_figures(interval: IntervalReport, drawn: IntervalPictures | None) -> Iterator[str]:
    if drawn and drawn.width:
        width = interval.width_change
        middle = f"The middle interval is {_as_wide(width.p50)}. " if width else ""
        share = (
            f"{percent(interval.width_beyond_share)} are over 25 % wider, or narrower by as much. "
        )
        svg = charts.distribution(drawn.width, "change of the interval's width", _WIDTH_MARKS)
        meaning = legend("within ×0.8 to ×1.25", "beyond")
        yield figure(
            "How the width changed", svg, f"{middle}{share}{_further(drawn.width)}", meaning
        )
    if drawn and drawn.z:
        share = percent(interval.z_gt1_share)
        svg = charts.distribution(
            drawn.z, "z: move of the point, in half widths of the old interval", (1.0,)
        )
        meaning = legend("up to 1", "beyond")
        caption = f"{share} of the points moved further than the old interval reached. "
        yield figure("How far the point moved", svg, caption + _further(drawn.z), meaning)


def _as_wide(log_ratio: float) -> str:
    ratio = times(log_ratio)
    return "as wide as before" if ratio == "×1" else f"{ratio} as wide as before"


def _undrawn(report: Report, pictures: Pictures | None) -> Iterator[str]:
    if pictures is None:
        yield note("Distributions, and old against new, are drawn where both versions are at hand.")
    elif report.intervals and not pictures.intervals:
        yield note("Intervals between quantiles have no pictures; the numbers below have them.")
    elif len(pictures.intervals) < len(report.intervals):
        shown = len(pictures.intervals)
        yield note(f"Pictures of the first {shown} of {len(report.intervals)} intervals.")


def _block(name: str, unit: str | None, figures: Iterator[str]) -> str:
    every = list(figures)
    if not every:
        return ""
    drawn, two = "\n".join(every), " two" if len(every) == 2 else ""
    of = f" <small>{escaped(unit)}</small>" if unit else ""
    heading = f"<h2>{isolated(name)}{of}</h2>"
    return f'<section>\n{heading}\n<div class="pictures{two}">\n{drawn}\n</div>\n</section>'


def _foot(report: Report) -> str:
    return (
        "<footer><p>Changes are relative to the old value, key by key, those of probabilities and "
        "shares in percentage points (pp). "
        f"A change is material when it is more than {escaped(tolerance(report))} of the larger "
        f"value. Metrics revision {report.metrics_revision}, pairing {escaped(report.pairing)}."
        "</p></footer>"
    )
