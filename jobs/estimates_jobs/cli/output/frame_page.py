"""A table as an HTML page that stands alone, for the artifacts of a CI job."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from estimates.render.html import document, escaped, table
from estimates.render.section import Section
from estimates.render.wording import count, number
from estimates_jobs.cli.output import cells

if TYPE_CHECKING:
    import polars as pl


_FIRST = ("version", "from", "to")  # numbers that name a row


def frame_page(title: str, frame: pl.DataFrame, *notes: str) -> str:
    """A page with all rows of a frame: the version, words, numbers with six digits, and last what
    needs much room; times are to the minute.

    notes  sentences below the title
    Columns of nulls are left out, and what is the same in all rows is said once.
    """
    from polars import Datetime

    kept = [name for name in frame.columns if frame[name].null_count() < max(frame.height, 1)]
    texts = {name: list(map(_text, frame[name].to_list())) for name in kept}
    same = [name for name in kept if frame.height > 1 and len(set(texts[name])) == 1]
    shown = [name for name in kept if name not in same]
    words = [name for name in shown if name in _FIRST]
    types = frame.schema
    last = [name for name in shown if types[name].is_nested() or isinstance(types[name], Datetime)]
    words += [n for n in shown if not types[n].is_numeric() and n not in last]
    ordered = [*words, *(name for name in shown if name not in [*words, *last]), *last]
    section = Section(
        "table",
        count(frame.height, "row"),
        lines=[f"The same in all rows: {_said_once(same, texts)}"] if same else [],
        header=ordered,
        rows=[list(row) for row in zip(*(texts[name] for name in ordered), strict=True)],
        left=len(words),
    )
    lines = "".join(f"<p>{escaped(line)}</p>" for line in notes)
    head = f"<header><h1>{escaped(title)}</h1>{lines}</header>"
    return document(title, f"{head}\n{table(section, whole=True)}")


def _said_once(names: list[str], texts: dict[str, list[str]]) -> str:
    return ", ".join(f"{name} {texts[name][0]}" for name in names)


def _text(value: Any) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%MZ}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return " ".join(f"{name} {_text(part)}" for name, part in value.items() if part is not None)
    if isinstance(value, list) and not isinstance(value[0], int | float):
        return "; ".join(map(_text, value))
    return str(cells.plain(value))
