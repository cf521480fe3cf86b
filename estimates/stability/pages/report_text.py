"""The report as a page of plain text, and as JSON."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from estimates.render.digits import rounded
from estimates.render.notebook import short
from estimates.render.section import Limits
from estimates.render.terminal import section_lines, wrapped
from estimates.render.wording import visible
from estimates.stability.pages.sections import not_shown, sections, title
from estimates.stability.report import Report

# About one screen and a half.
_LIMITS = Limits(named=5, columns=10, rows=10, groups=10, broken=1, all=False)
_SHORT = Limits(named=3, columns=5, rows=0, groups=0, broken=0, all=False)


def render_json(report: Report) -> bytes:
    """The whole report as JSON; floats with 12 significant digits, so that equal reports are equal
    bytes everywhere.
    """
    return msgspec.json.encode(rounded(msgspec.to_builtins(report)))


def render_short(report: Report) -> str:
    """What a report says in a few lines: headline, keys, and how the columns moved."""
    lines = [visible(title(report)), *wrapped(report.headline)]
    for section in sections(report, _SHORT):
        if section.name in ("keys", "change"):
            lines += section_lines(section)
    return short(lines, "… the whole: estimates.stability.pages.report_text.render_text(report)")


def render_parts(report: Report, names: Collection[str]) -> str:
    """The headline of a report, and of its sections those that have these names."""
    parts = [[visible(title(report)), *wrapped(report.headline)]]
    parts += [section_lines(part) for part in sections(report, _LIMITS) if part.name in names]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def render_text(report: Report) -> str:
    """The report as a page for a terminal: the headline first, then keys, columns, intervals,
    largest moves, groups.

    What has no room is named in a note. Control characters of keys and labels are made visible.
    """
    parts = [[visible(title(report)), *wrapped(report.headline)]]
    parts += [section_lines(section) for section in sections(report, _LIMITS)]
    parts += [lines for lines in [wrapped(not_shown(report, _LIMITS))] if lines]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"
