"""Tables whose text has the types that it shows."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from estimates.contract.text_values import values_of
from estimates.contract.time_values import ASSUMED_ZONE
from estimates.guess.column_types import text_kind
from estimates_jobs.tables.plain_text import plain_columns
from estimates_jobs.tables.table_files import read_table
from estimates_jobs.tables.text_options import TextOptions


def typed_by_content(source: str, codes: Sequence[str] = ()) -> pl.DataFrame:
    """A table of whatever form (`read_table`): its text in plain form and in the types that it
    shows, but for `codes`.
    """
    frame = plain_columns(read_table(source), codes, TextOptions(), source)
    if any(dtype != pl.String for dtype in frame.dtypes):
        return frame
    return frame.with_columns(
        values_of(text, text_kind(text), ASSUMED_ZONE) for text in frame if text.name not in codes
    )
