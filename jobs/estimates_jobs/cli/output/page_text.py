"""Pages of text that are laid out already, as a terminal shows them: folded between words to its
width, headings bold, answers in colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from estimates.render.terminal import folded

if TYPE_CHECKING:
    from rich.text import Text

_COLOURS = {
    r"\bBLOCKED\b.*|\bREFUSED\b.*|^(?:fail|error)\b": "bold red",
    r"^warn\b|\bpasses with warnings\b": "yellow",
    r"\bpasses(?!\w| with warnings)": "green",
    r"^waived\b": "cyan",
}


def styled(text: str, width: int) -> Text:
    """A page for a terminal of `width` columns. Headings are the lines that are not indented and
    have something indented below them.
    """
    from rich.text import Text

    page = Text()
    lines = text.rstrip("\n").split("\n")
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        is_heading = line[:1] not in ("", " ") and below.startswith("  ")
        for part in folded(line, width):
            piece = Text(part, style="bold" if is_heading else "")
            for pattern, colour in _COLOURS.items() if line[:1] != " " else ():
                piece.highlight_regex(pattern, colour)
            page.append_text(piece).append("\n")
    return page
