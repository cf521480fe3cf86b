"""Lists, tables and folded parts in GitHub's Markdown, in which text from data shows itself and
nothing else.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape

from estimates.render.wording import cut, visible

_CELL = 80  # characters
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# What GitHub's Markdown may read as more than itself: marks anywhere, `_` at the edge of a word,
# emoji and addresses.
_SPECIAL = re.compile(r"[\\`*\[\]|~$&<>]|(?<![^\W_])_|_(?![^\W_])|:(?=[a-zA-Z+/-])|(?<=www)\.")
_BEGINS = re.compile(r"^(\d*)([-+#=.)])")  # a list or a heading, in a list item
# found in the finished page, so only a space of no width keeps it apart
_MENTION = re.compile(r"@|#(?=\d)")


def escaped(text: str) -> str:
    """Text as Markdown that shows exactly this text, on one line."""
    return _unlinked(
        _SPECIAL.sub(lambda match: _ENTITIES.get(match[0], "\\" + match[0]), visible(text))
    )


def bullets(lines: Iterable[str]) -> str:
    """A list of texts."""
    return "\n".join("- " + _BEGINS.sub(r"\1\\\2", escaped(line)) for line in lines)


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[bool], most: int = _CELL
) -> str:
    """A table of texts, each cut to `most` characters; `left` says of each column whether it stands
    to the left.
    """
    rule = [":--" if to_left else "--:" for to_left in left]
    head, *body = [[escaped(cut(cell, most)) for cell in row] for row in (header, *rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *body))


def folded(summary: str, body: str) -> str:
    """Markdown that is seen when the text of its summary is clicked."""
    shown = _unlinked(escape(visible(summary)))  # inside HTML there are no backslashes
    return f"<details>\n<summary>{shown}</summary>\n\n{body}\n\n</details>"


def _unlinked(text: str) -> str:
    return _MENTION.sub(lambda match: match[0] + "&#8203;", text)
