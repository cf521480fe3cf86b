"""Frames into DuckDB and out of it by the stream of Arrow's C interface, which both speak
themselves: no PyArrow between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from estimates.errors import InvalidError

if TYPE_CHECKING:
    import duckdb


class _Stream:
    """The stream of a frame or a relation, and nothing else of it.

    A frame itself DuckDB would turn into PyArrow's. A class of DuckDB's polars would remember, by
    which both outlive the interpreter and DuckDB complains at its end.
    """

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._rows.__arrow_c_stream__(requested_schema)


def register(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    """Make a frame a view of a connection; its rows stay where they are."""
    connection.register(name, _Stream(frame))


def frame_of(relation: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """The rows of a query.

    Raises InvalidError (`bad_query`) for intervals and unions, which no frame has, and whatever
    the query raises while it runs.
    """
    for name, kind in zip(relation.columns, relation.types, strict=True):
        if any(word in str(kind) for word in ("INTERVAL", "UNION(")):
            raise InvalidError(
                "bad_query",
                f"column {name!r} is of the type {kind}, which a table cannot hold",
                remedy="cast it to VARCHAR; epoch() gives the seconds of an interval",
            )
    # what goes wrong is DuckDB's error, not one of a stream
    return pl.DataFrame(_Stream(relation.materialize()))
