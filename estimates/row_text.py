"""Rows and cells of a frame as text: dates ISO, timestamps RFC 3339 with `Z`, rows as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import polars as pl

_ESCAPED = ['"', "\\", *map(chr, range(32))]  # what a string in JSON cannot hold as it is


def text_of(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A key column as text, the same as `frame.key_text` gives for one part."""
    column, dtype = pl.col(name), frame.schema[name]
    if isinstance(dtype, pl.Datetime):
        whole = column.dt.to_string("%Y-%m-%dT%H:%M:%SZ")
        return (
            pl.when(column.dt.microsecond() == 0).then(whole).otherwise(column.dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ"))
        )
    return column.dt.to_string("%Y-%m-%d") if dtype == pl.Date else column.cast(pl.String)


def json_rows(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """Each row as JSON: columns in the order given, temporal ones as text."""
    return frame.select(pl.concat_str(json_pieces(frame, names))).to_series()


def json_pieces(frame: pl.DataFrame, names: Sequence[str]) -> list[pl.Expr]:
    """The JSON of each row in pieces to be joined: a third of the time that encoding structs takes."""
    pieces = [pl.lit("{")]
    for name in names:
        comma = "" if name == names[0] else ","
        pieces += [pl.lit(f"{comma}{msgspec.json.encode(name).decode()}:"), *_value_pieces(frame, name)]
    return [*pieces, pl.lit("}")]


def _value_pieces(frame: pl.DataFrame, name: str) -> list[pl.Expr]:
    """A column's values as JSON, in pieces to be joined."""
    column, dtype = frame.get_column(name), frame.schema[name]
    text = text_of(frame, name)
    if dtype == pl.String and column.str.contains_any(_ESCAPED).any():
        return [pl.struct(value=name).struct.json_encode().str.strip_prefix('{"value":').str.strip_suffix("}")]
    quoted = dtype == pl.String or dtype.is_temporal()
    if column.null_count():
        return [(pl.concat_str(pl.lit('"'), text, pl.lit('"')) if quoted else text).fill_null("null")]
    return [pl.lit('"'), text, pl.lit('"')] if quoted else [text]
