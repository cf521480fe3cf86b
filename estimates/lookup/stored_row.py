"""One row out of a part's Parquet file, as its read file would give it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from estimates import instants
from estimates.contract.columns import KeyType
from estimates.contract.shape import Shape
from estimates.errors import InvalidError
from estimates.keys.search_key import SearchKey
from estimates.render.row_text import joined, json_pieces

_VALUE: dict[KeyType, Callable[[Any], Any]] = {
    "string": str,
    "integer": int,
    "date": date.fromisoformat,
    "timestamp": instants.parse,
}


def stored_row(parquet: Path | BytesIO, shape: Shape, key: SearchKey) -> bytes | None:
    """The JSON of the row of a whole key; None when there is no such row.

    Only row groups that may have the key are read, and of other columns only its row.
    parquet  the verified file, or its bytes
    """
    texts = msgspec.json.decode(key[1][1:-1] + b"}")
    try:
        values = {column.name: _VALUE[column.type](texts[column.name]) for column in shape.key}
    except (ValueError, InvalidError):  # a date that only looks like one
        return None
    is_row = (pl.col(name) == pl.lit(value) for name, value in values.items())
    row = pl.scan_parquet(parquet).filter(*is_row).collect()
    if not row.height:
        return None
    pieces = json_pieces(row, [*shape.key_names, *shape.column_names])
    return str(row.select(joined(pieces)).item()).encode()
