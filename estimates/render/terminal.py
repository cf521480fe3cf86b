"""Tables, wrapped lines and bars for a terminal, in plain text."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from textwrap import wrap as _wrap

from estimates.render.section import Section
from estimates.render.wording import cells, cut, visible

WIDTH = 100  # columns of a page
_BAR = 24  # characters of the longest bar; half of it on a narrow page
_CELL = 40  # characters that a cell has at least before it is cut; numbers are shorter
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_COMMAND = re.compile(r"(?:\$ )?(?:estimates|curl|export|just) ")
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\S)+""")  # of a shell, or with an apostrophe
_BOUND = re.compile(r"(?<=\d) (?=%|pp\b)|(?<=\d-\d\d) (?=\d\d:\d\dZ)")  # no line ends here
_narrow: ContextVar[int | None] = ContextVar("narrow", default=None)


@contextmanager
def narrow_pages(width: int) -> Iterator[None]:
    """Lay out what is rendered within this for a terminal of `width` columns: lines are folded
    there, and tables leave out the columns to the right that have no room.
    """
    token = _narrow.set(width)
    try:
        yield
    finally:
        _narrow.reset(token)


def page_width() -> int:
    """Where lines are folded, in columns: WIDTH, or the width of `narrow_pages` if less."""
    return min(WIDTH, _narrow.get() or WIDTH)


def wrap(
    text: str, width: int, *, initial_indent: str = "", subsequent_indent: str = ""
) -> list[str]:
    """A text in lines of at most `width` columns: no word, number or time is broken, and a number
    stays with its unit.
    """
    lines = _wrap(
        _BOUND.sub("\u00a0", text),
        width,
        initial_indent=initial_indent,
        subsequent_indent=subsequent_indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines if "\u00a0" in text else [line.replace("\u00a0", " ") for line in lines]


def wrapped(text: str) -> list[str]:
    """A text as lines of a page, with control characters made visible."""
    return wrap(visible(text), page_width())


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Lines indented by two: the first `left` columns to the left, numbers to the right; below
    them the titles of columns that have no room. Cells are cut where the page is not as wide.
    """
    texts = [[visible(cell) for cell in row] for row in [header, *rows]]
    longest = _longest_cell(texts)
    grid = [[_cut(text, longest) for text in row] for row in texts]
    widths = [max(cells(row[i]) for row in grid) for i in range(len(header))]
    shown = len(widths)
    limit = _narrow.get()
    while limit is not None and shown > left + 1 and sum(widths[:shown]) + 2 * shown > limit:
        shown -= 1
    lines = ["  " + "  ".join(_padded(row, widths, left)[:shown]).rstrip() for row in grid]
    hidden = grid[0][shown:]
    return lines + (_indented(f"no room here for: {', '.join(hidden)}") if hidden else [])


def _longest_cell(grid: Sequence[Sequence[str]]) -> int:
    """How long cells may be, so that all columns fit on the page; at least _CELL."""
    widths = [max(map(cells, column)) for column in zip(*grid, strict=True)]
    room = (_narrow.get() or WIDTH) - 2 * len(widths)
    longest = min(max(widths, default=0), room)
    while longest > _CELL and sum(min(width, longest) for width in widths) > room:
        longest -= 1
    return max(longest, _CELL)


def _cut(text: str, most: int) -> str:
    """At most so many characters, cut between words where there is a blank in the second half."""
    if len(text) <= most:
        return text
    blank = text.rfind(" ", most // 2, most - 1)
    return cut(text, most) if blank < 0 else f"{text[:blank]} …"


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


def folded(line: str, width: int) -> list[str]:
    """A line in lines of at most `width` columns, those after the first indented; no word is
    broken. Lines of a command but for the last end in a backslash, so that it can be pasted.
    """
    text = line.lstrip(" ")
    if len(line) <= width or not text:
        return [line]
    indent = line[: len(line) - len(text)]
    if _COMMAND.match(text):
        return _folded_command(text, indent, width)
    return wrap(text, width, initial_indent=indent, subsequent_indent=indent + "  ")


def _folded_command(text: str, indent: str, width: int) -> list[str]:
    lines = [indent]
    for word in _WORD.findall(text):
        longer = f"{lines[-1]}{'' if lines[-1].isspace() or not lines[-1] else ' '}{word}"
        if len(longer) > width - 2 and lines[-1].strip():
            lines.append(f"{indent}    {word}")
        else:
            lines[-1] = longer
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def bar_width() -> int:
    """Characters of the longest bar."""
    return _BAR if page_width() >= WIDTH else _BAR // 2


def bar(value: float, largest: float) -> str:
    """A bar in eighths of a character; `largest` is as long as `bar_width`."""
    eighths = round(max(0.0, min(1.0, value / largest)) * bar_width() * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def marked_bar(value: float, mark: float, largest: float) -> str:
    """A bar of `bar_width` characters with `│` where `mark` is."""
    width = bar_width()
    line = list(bar(value, largest).ljust(width))
    line[min(width - 1, round(mark / largest * width))] = "│"
    return "".join(line)


def _padded(row: Sequence[str], widths: Sequence[int], left: int) -> list[str]:
    padded: list[str] = []
    for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
        blanks = " " * (width - cells(cell))
        padded.append(cell + blanks if i < left else blanks + cell)
    return padded


def _indented(text: str) -> list[str]:
    return wrap(visible(text), page_width(), initial_indent="  ", subsequent_indent="    ")
