"""The report as Markdown: for a comment on a pull request, a wiki, a chat."""

from __future__ import annotations

import re
from html import escape

from estimates.stability.report import Report
from estimates.stability.section import Limits, Section
from estimates.stability.sections import not_shown, sections, title
from estimates.stability.wording import count, cut, visible

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
_CELL = 80  # characters
_MOST = 60_000  # characters; a comment on GitHub has room for 65,536
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# What GitHub's Markdown may read as more than itself: marks anywhere, `_` at the edge of a word, emoji and addresses.
_SPECIAL = re.compile(r"[\\`*\[\]|~$&<>]|(?<![^\W_])_|_(?![^\W_])|:(?=[a-zA-Z+/-])|(?<=www)\.")
_BEGINS = re.compile(r"^(\d*)([-+#=.)])")  # a list or a heading, in a list item
_MENTION = re.compile(r"@|#(?=\d)")  # found in the finished page, so only a space of no width keeps it apart


def render_markdown(report: Report) -> str:
    """The report in GitHub's Markdown: the headline and the short tables, then the long ones in `<details>`.

    Whatever comes from data is escaped: it links, mentions and formats nothing. What has no room is named in a note.
    """
    parts = [f"### {escaped(title(report))}", f"**{escaped(report.headline)}**"]
    room = _MOST - sum(map(len, parts))
    found = [_section(section) for section in sections(report, _LIMITS)]
    fitting = 0
    while fitting < len(found) and (room := room - len(found[fitting]) - 2) >= 0:
        fitting += 1
    parts += found[:fitting]
    if fitting < len(found):
        parts.append(f"_{count(len(found) - fitting, 'longer part')} left out; the JSON has everything._")
    rest = not_shown(report, _LIMITS)
    return "\n\n".join([*parts, *([f"_{escaped(rest)}_"] if rest else [])]) + "\n"


def escaped(text: str) -> str:
    """Text as Markdown that shows exactly this text, on one line."""
    return _unlinked(_SPECIAL.sub(lambda found: _ENTITIES.get(found[0], "\\" + found[0]), visible(text)))


def _unlinked(text: str) -> str:
    return _MENTION.sub(lambda found: found[0] + "&#8203;", text)


def _section(section: Section) -> str:
    body = "\n\n".join(_body(section))
    if section.name in _OPEN:
        return f"#### {escaped(section.title)}\n\n{body}"
    summary = _unlinked(escape(visible(section.title)))  # inside HTML there are no backslashes
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def _body(section: Section) -> list[str]:
    parts = ["\n".join("- " + _BEGINS.sub(r"\1\\\2", escaped(line)) for line in section.lines)] if section.lines else []
    if section.rows:
        rule = [":--" if i < section.left else "--:" for i in range(len(section.header))]
        rows = [[escaped(cut(cell, _CELL)) for cell in row] for row in (section.header, *section.rows)]
        parts.append("\n".join("| " + " | ".join(row) + " |" for row in (rows[0], rule, *rows[1:])))
    if section.notes:
        parts.append("  \n".join(f"_{escaped(note)}_" for note in section.notes))
    return parts
