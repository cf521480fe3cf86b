"""A table as an HTML page that stands alone, for the artifacts of a CI job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estimates.render.html import document, escaped, table
from estimates.render.section import Section
from estimates.render.wording import count
from estimates_jobs.cli.output import cells

if TYPE_CHECKING:
    import polars as pl


def frame_page(title: str, frame: pl.DataFrame) -> str:
    """A page with all rows of a frame; numbers as on a terminal, columns of nulls left out."""
    kept = [name for name in frame.columns if frame[name].null_count() < max(frame.height, 1)]
    words = [name for name in kept if not frame.schema[name].is_numeric()]
    ordered = [*words, *(name for name in kept if name not in words)]
    rows = [
        ["–" if value is None else str(cells.plain(value)) for value in row]
        for row in frame.select(ordered).iter_rows()
    ]
    section = Section(
        "table", count(frame.height, "row"), header=ordered, rows=rows, left=len(words)
    )
    body = f"<header><h1>{escaped(title)}</h1></header>\n{table(section, whole=True)}"
    return document(title, body)
