"""The report as a page of plain text, and as JSON."""

from __future__ import annotations

from textwrap import wrap

import msgspec

from estimates.render.digits import rounded
from estimates.render.section import Limits, Section
from estimates.render.wording import cells, cut, visible
from estimates.stability.pages.sections import not_shown, sections, title
from estimates.stability.report import Report

_WIDTH = 100
_CELL = 40  # characters of a cell; numbers are shorter
# About one screen and a half.
_LIMITS = Limits(named=5, columns=10, rows=10, groups=10, broken=1, all=False)


def render_json(report: Report) -> bytes:
    """The whole report as JSON; floats with 12 significant digits, so that equal reports are equal
    bytes everywhere.
    """
    return msgspec.json.encode(rounded(msgspec.to_builtins(report)))


def render_text(report: Report) -> str:
    """The report as a page for a terminal: the headline first, then keys, columns, intervals,
    largest moves, groups.

    What has no room is named in a note. Control characters of keys and labels are made visible.
    """
    parts = [[visible(title(report)), *wrap(visible(report.headline), _WIDTH)]]
    parts += [_section(section) for section in sections(report, _LIMITS)]
    rest = not_shown(report, _LIMITS)
    parts += [wrap(visible(rest), _WIDTH)] if rest else []
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def table(header: list[str], rows: list[list[str]], left: int = 1) -> list[str]:
    """Aligned lines, indented by two: the first `left` columns to the left, numbers to the right."""
    grid = [[cut(visible(cell), _CELL) for cell in row] for row in [header, *rows]]
    widths = [max(cells(row[i]) for row in grid) for i in range(len(header))]
    return [
        "  "
        + "  ".join(
            cell + " " * (width - cells(cell)) if i < left else " " * (width - cells(cell)) + cell
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in grid
    ]


def _section(section: Section) -> list[str]:
    lines = wrap(visible(section.title), _WIDTH)
    for line in section.lines:
        lines += wrap(visible(line), _WIDTH, initial_indent="  ", subsequent_indent="    ")
    lines += table(section.header, section.rows, section.left) if section.rows else []
    for note in section.notes:
        lines += wrap(visible(note), _WIDTH, initial_indent="  ", subsequent_indent="    ")
    return lines
