"""Tables, wrapped lines and bars for a terminal, in plain text."""

from collections.abc import Sequence
from textwrap import wrap

from estimates.render.section import Section
from estimates.render.wording import cells, cut, visible

WIDTH = 100  # columns of a page
BAR = 24  # characters of the longest bar
_CELL = 40  # characters of a cell; numbers are shorter
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def wrapped(text: str) -> list[str]:
    """A text as lines of a page, with control characters made visible."""
    return wrap(visible(text), WIDTH)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Lines indented by two: the first `left` columns to the left, numbers to the right."""
    grid = [[cut(visible(cell), _CELL) for cell in row] for row in [header, *rows]]
    widths = [max(cells(row[i]) for row in grid) for i in range(len(header))]
    return ["  " + "  ".join(_padded(row, widths, left)).rstrip() for row in grid]


def section_lines(section: Section) -> list[str]:
    """A section: its title, its sentences, its table and the notes below it."""
    lines = wrapped(section.title)
    for line in section.lines:
        lines += _indented(line)
    if section.rows:
        lines += table(section.header, section.rows, section.left)
    for note in section.notes:
        lines += _indented(note)
    return lines


def bar(value: float, largest: float) -> str:
    """A bar in eighths of a character; `largest` is as long as BAR."""
    eighths = round(max(0.0, min(1.0, value / largest)) * BAR * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def marked_bar(value: float, mark: float, largest: float) -> str:
    """A bar of BAR characters with `│` where `mark` is."""
    line = list(bar(value, largest).ljust(BAR))
    line[min(BAR - 1, round(mark / largest * BAR))] = "│"
    return "".join(line)


def _padded(row: Sequence[str], widths: Sequence[int], left: int) -> list[str]:
    padded: list[str] = []
    for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
        blanks = " " * (width - cells(cell))
        padded.append(cell + blanks if i < left else blanks + cell)
    return padded


def _indented(text: str) -> list[str]:
    return wrap(visible(text), WIDTH, initial_indent="  ", subsequent_indent="    ")
