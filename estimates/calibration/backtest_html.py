"""A backtest as one HTML page: what would have been otherwise, and each check drawn through the
versions.
"""

from collections.abc import Iterator
from typing import get_args

from estimates.calibration.backtest_report import Backtest, Fate, Metric, counts_of, headline
from estimates.gate.pages.verdict_text import value_text
from estimates.render.chart import Limited, through_versions
from estimates.render.html import document, escaped, figure, isolated, legend, table
from estimates.render.section import Section


def render_html(report: Backtest) -> str:
    """A page that can be sent to somebody; the same backtest gives the same page.

    Raises InvalidError (`no_charts`) without the extra `charts`.
    """
    figures = "\n".join(_figures(report))
    parts = [
        _head(report),
        *_totals(report),
        '<h2>Checks through the versions</h2>\n<div class="pictures">' if figures else "",
        f"{figures}\n</div>" if figures else "",
        "<h2>Versions</h2>",
        '<div class="tables">',
        *(table(section, whole=True) for section in _sections(report)),
        "</div>",
        "<footer><p>Each version is judged as of its own time against what production was then, "
        "without waivers and "
        f"without actual values. Policy {report.policy}.</p></footer>",
    ]
    return document(f"{report.set}: a policy replayed", "\n".join(part for part in parts if part))


def _head(report: Backtest) -> str:
    of = (
        "another contract"
        if report.contract_revision is None
        else f"contract revision {report.contract_revision}"
    )
    subject = f"<p>{isolated(report.set)} · policy of {escaped(of)}</p>"
    return f"<header>\n{subject}\n<h1>{escaped(headline(report))}</h1>\n</header>"


def _totals(report: Backtest) -> Iterator[str]:
    fates = ((fate.replace("_", " "), *counts_of(report.counts, fate)) for fate in get_args(Fate))
    totals = [("versions", f"{len(report.versions)}")]
    totals += [(f"{fate}, blocked", f"{blocked} of {n}") for fate, n, blocked in fates if n]
    totals += [("left out", f"{len(report.left_out)}")] if report.left_out else []
    cells = "".join(
        f"<div><dt>{escaped(what)}</dt><dd>{escaped(value)}</dd></div>" for what, value in totals
    )
    yield f'<dl class="facts">{cells}</dl>'


def _figures(report: Backtest) -> Iterator[str]:
    for metric in report.checks:
        if metric.telling:
            yield _figure(metric)


def _figure(metric: Metric) -> str:
    points = [
        Limited(
            point.version,
            point.value,
            point.warn,
            point.block,
            point.status in ("warn", "fail", "error"),
        )
        for point in metric.points
        if point.status != "skipped"
    ]
    warned, blocked = metric.times("warn"), metric.times("fail", "error")
    limits = [point for point in points if point.warn is not None or point.block is not None][-1:]
    caption = f"{metric.title}. Of {len(points)} versions {warned} warned about, {blocked} blocked"
    for last in limits:
        levels = (("warns", last.warn), ("blocks", last.block))
        texts = [
            f"{verb} {metric.worse} {value_text(at, metric.unit, metric.name)}"
            for verb, at in levels
            if at is not None
        ]
        caption += f"; {', '.join(texts)}"
    unknown = sum(point.value is None for point in points)
    caption += f". {unknown} could not be evaluated." if unknown else "."
    svg = through_versions(points, percent=metric.unit == "share")
    return figure(
        f"{metric.number} {metric.name}", svg, caption, legend("keeps its limits", "does not")
    )


def _sections(report: Backtest) -> Iterator[Section]:
    by_number = {replayed.version: replayed for replayed in report.versions}
    for name, title, numbers in (
        ("blocked", "Promoted, and would have been blocked", report.promoted_blocked),
        ("caught", "Rolled back, and would have been caught", report.caught),
        ("missed", "Rolled back, and would not have been caught", report.missed),
        ("through", "Refused, and would have been let through", report.let_through),
    ):
        lines = ["None."] * (not numbers)
        rows = [
            [
                str(n),
                str(by_number[n].against or "–"),
                ", ".join(by_number[n].blocked_by),
                ", ".join(by_number[n].warned_by),
            ]
            for n in numbers
        ]
        yield Section(
            name, title, lines, ["version", "against", "blocked by", "warned by"], rows, left=4
        )
    if report.left_out:
        rows = [
            [str(omitted.version), omitted.fate.replace("_", " "), omitted.reason]
            for omitted in report.left_out
        ]
        yield Section("left_out", "Left out", [], ["version", "then", "because"], rows, left=3)
