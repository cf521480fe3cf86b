"""Days and times as people write them, as the forms by which DuckDB reads them: `%d.%m.%Y`."""

from __future__ import annotations

import duckdb
import polars as pl

from estimates.contract.duckdb_frames import frame_of, register
from estimates.contract.number_text import NULL_WORDS

_DAYS = (
    *("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d"),
    *("%Y.%m.%d", "%d.%m.%y", "%d-%b-%Y", "%d %b %Y", "%d. %B %Y", "%d %B %Y", "%b %d, %Y"),
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S")
_FORMS = tuple(f"{day}{clock}" for day in _DAYS for clock in _CLOCKS)
_FIRST_YEAR = 1000  # what has fewer digits is no year: `%Y` also reads 26


def time_form(connection: duckdb.DuckDBPyConnection, text: pl.Series) -> str | None:
    """The form that all cells of a column of text have, but for words for nothing; None where no
    form fits, or where two do and say different times.
    """
    cells = text.str.strip_chars().drop_nulls().unique()
    cells = cells.filter(~cells.is_in([*NULL_WORDS, ""]))
    if cells.is_empty():
        return None
    register(connection, "cells", cells.alias("cell").to_frame())
    some = cells.head(1).alias("cell").to_frame()
    fitting: list[tuple[str, pl.DataFrame]] = []
    for form in _FORMS:
        register(connection, "first_cell", some)
        if _read(connection, "first_cell", form) is not None:
            times = _read(connection, "cells", form)
            fitting += [] if times is None else [(form, times)]
    if not fitting or any(not times.equals(fitting[0][1]) for _, times in fitting):
        return None
    return fitting[0][0]


def _read(connection: duckdb.DuckDBPyConnection, view: str, form: str) -> pl.DataFrame | None:
    """The times of a view's cells; None where one is none."""
    sql = f"SELECT try_strptime(cell, '{form}') AS at FROM {view} ORDER BY cell"
    times = frame_of(connection.sql(sql))
    least = times["at"].min()
    is_whole = not times["at"].has_nulls() and getattr(least, "year", 0) >= _FIRST_YEAR
    return times if is_whole else None
