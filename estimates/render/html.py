"""Pieces of a page that stands alone: nothing is loaded, nothing runs, and it prints."""

import base64
import hashlib
import re
from collections.abc import Sequence
from html import escape

from estimates.render.section import Section
from estimates.render.style import STYLE
from estimates.render.wording import cut, visible

CELL = 120  # characters, after which names are cut
_LONGEST_NUMBER = 24  # characters, also of a time
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)?"
)  # browsers break it at a hyphen
_BARS = "█▉▊▋▌▍▎▏▲▽"
_SHORT, _LONG = 24, 48  # characters of words that stay on one line, or get room for several


def document(title: str, body: str) -> str:
    """The whole page around its body; its policy forbids all but its own style."""
    name = cut(visible(title), CELL)
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(name)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def figure(name: str, svg: str, caption: str, meaning: str = "") -> str:
    """A picture with its name and what it shows."""
    picture = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(visible(name))}" ', 1)
    below = f"<figcaption>{escaped(caption)}</figcaption>"
    return f"<figure>\n<h3>{escaped(name)}</h3>\n{meaning}{picture}\n{below}\n</figure>"


def legend(within: str, beyond: str) -> str:
    """What the two colours stand for."""
    colours = {"within": within, "beyond": beyond}
    parts = (f'<i class="{colour}"></i>{escaped(text)}' for colour, text in colours.items())
    return f'<p class="legend">{" ".join(parts)}</p>\n'


def note(text: str) -> str:
    """A remark in small letters."""
    return f'<p class="note">{escaped(text)}</p>'


def table(section: Section, *, whole: bool) -> str:
    """A section that can be folded; `whole`: as wide as the page."""
    lines = "".join(f"<p>{escaped(line)}</p>" for line in section.lines)
    notes = "".join(map(note, section.notes))
    rows = ""
    if section.rows:
        columns = zip(*section.rows, strict=True)
        words = [i < section.left or any(map(_is_words, col)) for i, col in enumerate(columns)]
        head = _cells("th", words, section.header, section.left)
        body = "\n".join(
            f"<tr>{_cells('td', words, row, section.left)}</tr>" for row in section.rows
        )
        rows = (
            f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
            f"<tbody>\n{body}\n</tbody></table></div>"
        )
    wide = ' class="whole"' if whole else ""
    summary = f"<summary>{escaped(section.title)}</summary>"
    return f"<details open{wide}>{summary}{lines}{rows}{notes}</details>"


def _is_words(cell: str) -> bool:
    """Whether a cell is a bar, or longer than a number or a time, so that it stands to the left."""
    return len(cell) > _LONGEST_NUMBER or cell[:1] in _BARS


def _cells(tag: str, words: Sequence[bool], row: Sequence[str], left: int) -> str:
    """Cells; those of the first `left` columns, which name a row, are cut where they are long."""
    return "".join(
        _cell(tag, words[i], cut(visible(cell), CELL) if i < left else visible(cell), i < left)
        for i, cell in enumerate(row)
    )


def _cell(tag: str, words: bool, content: str, names: bool) -> str:
    if not words:
        return f"<{tag}>{escaped(content)}</{tag}>"
    length = len(content)
    kind = " short" if length <= _SHORT else " long" if names and length > _LONG else ""
    text = _TIME.sub(r'<span class="short">\g<0></span>', escape(content))
    return f'<{tag} class="words{kind}"><bdi>{text}</bdi></{tag}>'


def escaped(content: str) -> str:
    """Text as HTML."""
    # a number and its sign stay on one line
    return escape(visible(content)).replace(" %", "\u00a0%")


def isolated(content: str) -> str:
    """Text of any direction, kept from turning what stands around it."""
    return f"<bdi>{escape(cut(visible(content), CELL))}</bdi>"
