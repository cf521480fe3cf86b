"""What an object shows of itself: a few lines where it is printed, a page in a notebook.

A report or a verdict has its fields in one module and its renderings in modules above that; they
are looked up by name when somebody looks.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import Any

LINES = 15  # of a printed object
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+Z$")
ROWS = 20  # of a table in a notebook
_LEFT = ' style="text-align:left"'


def short(lines: Sequence[str], more: str) -> str:
    """At most LINES lines, none wider than the terminal; where there are more, the last one says
    where they are.
    """
    from estimates.render.terminal import folded

    width = printed_width()
    fitting = [part for line in lines for part in folded(line, width)]
    if len(fitting) <= LINES:
        return "\n".join(fitting)
    return "\n".join([*fitting[: LINES - 1], more])


def printed_width() -> int:
    """How wide a printed object may be: as the terminal, where there is one, and a page at most."""
    from estimates.render.terminal import WIDTH

    try:
        return min(WIDTH, os.get_terminal_size(sys.stdout.fileno()).columns or WIDTH)
    except (AttributeError, OSError, ValueError):  # a notebook, a pipe, a closed file
        return WIDTH


def fitted_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table for a printed object; columns without room are named below it."""
    from estimates.render.terminal import narrow_pages, table

    with narrow_pages(printed_width()):
        return table(header, rows)


def printed(module: str, function: str, *values: Any) -> Any:
    """What a function of a module of `estimates` makes of some values, for the width of whoever
    looks.
    """
    from estimates.render.terminal import narrow_pages

    with narrow_pages(printed_width()):
        return rendered(module, function, *values)


def rendered(module: str, function: str, *values: Any) -> Any:
    """What a function of a module of `estimates` makes of some values."""
    return getattr(import_module(f"estimates.{module}"), function)(*values)


def framed(page: str) -> str:
    """A whole page inside another one; its style touches nothing outside."""
    style = "width:100%;height:40em;border:0;background:#fff;resize:vertical;overflow:auto"
    return f'<iframe sandbox srcdoc="{escape(page)}" style="{style}"></iframe>'


def preformatted(text: str) -> str:
    """A page of text in a notebook, in letters of one width wherever it is shown."""
    style = "font-family:monospace;line-height:1.3;white-space:pre;overflow-x:auto"
    return f'<pre style="{style}">{escape(text)}</pre>'


def has_charts() -> bool:
    """Whether the extra `charts` is installed."""
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def fragment(title: str, rows: Sequence[Mapping[str, Any]], *more: str) -> str:
    """A small table under its title, for a notebook: the first ROWS rows, escaped, and lines below
    it, whose indents stay. Words stand to the left.
    """
    from estimates.render.wording import visible

    names = list(dict.fromkeys(name for row in rows[:ROWS] for name in row))
    words = {n for n in names if any(isinstance(row.get(n), str) for row in rows[:ROWS])}

    def cells(tag: str, texts: Sequence[tuple[str, Any]]) -> str:
        return "".join(
            f"<{tag}{_LEFT if n in words else ''}>{escape(visible(cell_text(value)))}</{tag}>"
            for n, value in texts
        )

    head = cells("th", [(n, n) for n in names])
    body = "".join(
        f"<tr>{cells('td', [(n, row.get(n)) for n in names])}</tr>" for row in rows[:ROWS]
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    left = len(rows) - ROWS
    notes = [*([f"and {left:,} more"] if left > 0 else []), *more]
    text = "\n".join(escape(visible(note)) for note in notes)
    below = f'<p style="white-space:pre-wrap"><small>{text}</small></p>' if notes else ""
    return f"<div><p><b>{escape(visible(title))}</b></p>{table if rows else ''}{below}</div>"


def cell_text(value: Any) -> str:
    """A value as a person reads it in a table: six digits, times to the minute."""
    from estimates.render.wording import number

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, str) and _MOMENT.match(value):
        return value[:16].replace("T", " ")
    return f"{value:,}" if isinstance(value, int) else str(value)
