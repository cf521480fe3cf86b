"""The first rows of a long list, kept for pages of it: as many as somebody went through, since all
of ten million would fill the memory that all results share.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import polars as pl

_FIRST = 10_000  # rows kept at first; ten times as many for whoever reads on


class LeadingRows(NamedTuple):
    """The first rows, and how many there are in all."""

    rows: pl.DataFrame
    total: int

    def estimated_size(self) -> int:
        """Bytes of memory."""
        return int(self.rows.estimated_size())


def depth_for(stop: int) -> int:
    """How many rows to keep for a page that ends at row `stop`: of pages one after another nearly
    all find what was kept.
    """
    depth = _FIRST
    while depth < stop:
        depth *= 10
    return depth


def leading_rows(make: Callable[[], pl.DataFrame], depth: int) -> LeadingRows:
    """The first `depth` rows of what `make` gives, apart from the memory of the others."""
    rows = make()
    return first_of(rows.head(depth), rows.height)


def first_of(rows: pl.DataFrame, total: int) -> LeadingRows:
    """Rows that come first of so many, apart from the memory of the others."""
    if rows.height == total:
        return LeadingRows(rows, total)
    copied = io.BytesIO()
    rows.write_ipc(copied)
    return LeadingRows(pl.read_ipc(copied.getvalue()), total)
