"""A table as an HTML page that stands alone, for the artifacts of a CI job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from estimates.render.html import document, escaped, table
from estimates.render.section import Section
from estimates.render.wording import count, number
from estimates_jobs.cli.output import cells

if TYPE_CHECKING:
    import polars as pl


# Fields as a reader calls them; of all others underscores are spaces.
_WORDS = {
    "promoted_at": "promoted",
    "common": "keys compared",
    "identical_share": "share of rows identical",
    "frozen_n": "keys compared for standing still",
    "frozen_share": "share of keys that stood still",
    "n": "keys",
    "coverage": "share of keys measured",
    "r_p50": "median r",
    "r_p95": "95 % of r",
    "material_share": "share changed materially",
    "sign_flip_share": "share with another sign",
    "mean_revision": "mean change",
    "plain_p50": "median change",
    "plain_p95": "95 % of changes",
    "measure": "change is",
    "churn": "share with another label",
}


def title_of_move(name: str) -> str:
    """What a reader calls a field of a move of production, such as `close: median change`."""
    column, _, part = name.rpartition(".")
    words = _WORDS.get(part)
    if column:
        return f"{column}: {words or part.replace('_', ' ')}"
    return words or name


def frame_page(title: str, frame: pl.DataFrame, titled: Callable[[str], str] = str) -> str:
    """A page with all rows of a frame, words before numbers; numbers have six digits, times are to
    the second.

    Columns of nulls are left out, and what is the same in all rows is said once. `titled` says
    what a column is called.
    """
    kept = [name for name in frame.columns if frame[name].null_count() < max(frame.height, 1)]
    texts = {name: list(map(_text, frame[name].to_list())) for name in kept}
    same = [name for name in kept if frame.height > 1 and len(set(texts[name])) == 1]
    shown = [name for name in kept if name not in same]
    words = [name for name in shown if not frame.schema[name].is_numeric()]
    ordered = [*words, *(name for name in shown if name not in words)]
    section = Section(
        "table",
        count(frame.height, "row"),
        lines=[f"The same in all rows: {_said_once(same, texts, titled)}"] if same else [],
        header=list(map(titled, ordered)),
        rows=[list(row) for row in zip(*(texts[name] for name in ordered), strict=True)],
        left=len(words),
    )
    body = f"<header><h1>{escaped(title)}</h1></header>\n{table(section, whole=True)}"
    return document(title, body)


def _said_once(names: list[str], texts: dict[str, list[str]], titled: Callable[[str], str]) -> str:
    return ", ".join(f"{titled(name)} {texts[name][0]}" for name in names)


def _text(value: Any) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%SZ}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return " ".join(f"{name} {_text(part)}" for name, part in value.items() if part is not None)
    if isinstance(value, list) and not isinstance(value[0], int | float):
        return "; ".join(map(_text, value))
    return str(cells.plain(value))
