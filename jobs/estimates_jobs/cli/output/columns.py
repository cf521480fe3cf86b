"""How wide the columns of a table are on a terminal, and text folded to a width.

A line ends between words only: numbers stay with their unit, times are whole, and a word that is
too long for its column makes the column wider.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

GAP = 2  # blanks between columns
# a time with its year or without, a number with its unit, a word
_UNIT = re.compile(
    r"(?:\d{4}-)?\d\d-\d\d \d\d:\d\d\S*|"
    r"[+−±-]?[<>]?\d[\d.,]*(?:e[+-]?\d+)? (?:%|pp)(?=[\s,;:.)]|$)|\S+"
)


def longest_unit(text: Text) -> int:
    """The width of the longest part of a text that is never broken."""
    from rich.cells import cell_len

    return max((cell_len(match[0]) for match in _UNIT.finditer(text.plain)), default=0)


def folded_text(text: Text, width: int) -> Text:
    """A text in lines of at most `width` columns, longer only where one word is; each style stays
    with its letters.
    """
    from rich.cells import cell_len
    from rich.text import Text

    if text.cell_len <= width and "\n" not in text.plain:
        return text
    lines: list[Text] = []
    for paragraph in text.split("\n", allow_blank=True):
        start = end = used = 0
        for match in _UNIT.finditer(paragraph.plain):
            with_blanks = cell_len(paragraph.plain[end : match.end()])
            if used and used + with_blanks > width:
                lines.append(paragraph[start:end])
                start, used, with_blanks = match.start(), 0, cell_len(match[0])
            end, used = match.end(), used + with_blanks
        lines.append(paragraph[start:end])
    return Text("\n").join(lines)


def column_widths(natural: Sequence[int], least: Sequence[int], width: int) -> list[int] | None:
    """How wide each column is, in all at most `width` with the gaps between them: no column less
    than it needs, the widest ones folded first; None where there is no room.
    """
    room = width - GAP * (len(natural) - 1)
    if sum(least) > room:
        return None
    low, high = 0, max(natural, default=0)
    while low < high:  # the largest width up to which columns are as wide as they are by nature
        middle = (low + high + 1) // 2
        fits = sum(_capped(natural, least, middle)) <= room
        low, high = (middle, high) if fits else (low, middle - 1)
    widths = _capped(natural, least, low)
    for i in sorted(range(len(widths)), key=lambda i: widths[i] - natural[i]):
        widths[i] += min(natural[i] - widths[i], room - sum(widths))
    return widths


def _capped(natural: Sequence[int], least: Sequence[int], most: int) -> list[int]:
    return [max(low, min(wide, most)) for wide, low in zip(natural, least, strict=True)]
