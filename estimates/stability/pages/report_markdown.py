"""The report as Markdown: for a comment on a pull request, a wiki, a chat."""

from __future__ import annotations

from estimates.render.markdown import bullets, escaped, folded, table
from estimates.render.section import Limits, Section
from estimates.render.wording import count
from estimates.stability.pages.sections import not_shown, sections, title
from estimates.stability.report import Report

_LIMITS = Limits(named=10, columns=25, rows=20, groups=25, broken=3)
_OPEN = (
    "keys",
    "schema",
    "change",
    "labels",
    "cuts",
    "kinds",
    "intervals",
    "quantiles",
    "probabilities",
)  # the rest is folded away
_MOST = 60_000  # characters; a comment on GitHub has room for 65,536


def render_markdown(report: Report) -> str:
    """The report in GitHub's Markdown: the headline and the short tables, then the long ones in
    `<details>`.

    Whatever comes from data is escaped: it links, mentions and formats nothing. What has no room is
    named in a note.
    """
    parts = [f"### {escaped(title(report))}", f"**{escaped(report.headline)}**"]
    room = _MOST - sum(map(len, parts))
    bodies = [_section(section) for section in sections(report, _LIMITS)]
    fitting = 0
    while fitting < len(bodies) and (room := room - len(bodies[fitting]) - 2) >= 0:
        fitting += 1
    parts += bodies[:fitting]
    if fitting < len(bodies):
        parts.append(
            f"_{count(len(bodies) - fitting, 'longer part')} left out; the JSON has everything._"
        )
    left_out = not_shown(report, _LIMITS)
    return "\n\n".join([*parts, *([f"_{escaped(left_out)}_"] if left_out else [])]) + "\n"


def _section(section: Section) -> str:
    body = "\n\n".join(_body(section))
    return (
        f"#### {escaped(section.title)}\n\n{body}"
        if section.name in _OPEN
        else folded(section.title, body)
    )


def _body(section: Section) -> list[str]:
    parts = [bullets(section.lines)] if section.lines else []
    if section.rows:
        parts.append(
            table(
                section.header, section.rows, [i < section.left for i in range(len(section.header))]
            )
        )
    if section.notes:
        parts.append("  \n".join(f"_{escaped(note)}_" for note in section.notes))
    return parts
