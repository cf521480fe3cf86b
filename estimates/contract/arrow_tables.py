"""Arrow tables as polars frames, column by column, also where polars does not know a type.

Zones of any spelling, decimals of 256 bits, run-end encodings, extension types and lists of numbers
are read; of what is left (intervals, unions) a column keeps its name and the name of its type.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import polars as pl

from estimates.contract.stored_values import placeholder
from estimates.errors import InvalidError

if TYPE_CHECKING:
    import pyarrow as pa

_POLARS_DIGITS = 38  # of a decimal


def frame_of_arrow(table: pa.Table, unread: Collection[str] = ()) -> pl.DataFrame:
    """The table as a frame, its columns in their order; `unread` are columns of intervals, whose
    type Arrow does not know.
    Raises InvalidError (`columns`) where two columns have one name.
    """
    names = table.column_names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidError(
            "columns",
            f"two columns are called {twice!r}",
            remedy="rename one of them where the table is written",
        )
    return pl.DataFrame(
        [
            placeholder(name, "interval", table.num_rows)
            if name in unread
            else _series(name, table.column(name))
            for name in names
        ]
    )


def _series(name: str, column: pa.ChunkedArray) -> pl.Series:
    import pyarrow as pa

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
    elif pa.types.is_run_end_encoded(kind):
        column = _decoded_runs(column)
    elif pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    elif pa.types.is_timestamp(kind) and kind.tz is not None:
        column = column.cast(pa.timestamp(kind.unit, "UTC"))
    if pa.types.is_decimal256(column.type):
        return _decimals(name, column)
    if _is_list_of_numbers(column.type):
        return pl.Series(name, column)
    if pa.types.is_nested(column.type) or pa.types.is_interval(column.type):
        return placeholder(name, _word(column.type), len(column))
    return pl.Series(name, column)


def _is_list_of_numbers(kind: pa.DataType) -> bool:
    import pyarrow as pa

    of = pa.types
    is_list = of.is_list(kind) or of.is_large_list(kind) or of.is_fixed_size_list(kind)
    return is_list and (of.is_floating(kind.value_type) or of.is_integer(kind.value_type))


def _decoded_runs(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as compute

    chunks = [compute.call_function("run_end_decode", [chunk]) for chunk in column.chunks]
    return pa.chunked_array(chunks, column.type.value_type)


def _decimals(name: str, column: pa.ChunkedArray) -> pl.Series:
    """Decimals of 256 bits: as decimals where they fit, else whole numbers as text, and others as
    the nearest floats.
    """
    import pyarrow as pa

    scale = column.type.scale
    try:
        if 0 <= scale <= _POLARS_DIGITS:
            return pl.Series(name, column.cast(pa.decimal128(_POLARS_DIGITS, scale)))
    except pa.ArrowInvalid:
        pass
    text = pl.Series(name, column.cast(pa.string()))
    return text if scale <= 0 else text.cast(pl.Float64)


def _word(kind: pa.DataType) -> str:
    """A type in a message: of a nested one its head."""
    import pyarrow as pa

    text = "interval" if pa.types.is_interval(kind) else str(kind)
    return text.partition("<")[0]
