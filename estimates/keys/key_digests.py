"""Which rows of a frame have keys that are known by digests alone."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence

import polars as pl

from estimates.contract.duckdb_frames import register
from estimates.render.row_text import joined, text_of

_FEW = 20_000  # rows up to which Python takes less time than importing DuckDB


def has_digest(
    frame: pl.DataFrame, key: Sequence[str], prefix: str, digests: Container[str]
) -> pl.Series:
    """For each row, whether its key, or a leading part of it, has one of these digests: the
    SHA-256 of `prefix` and the parts as text, each followed by NUL.
    """
    matches = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    texts = frame.select(text_of(frame, name).alias(name) for name in key)
    for count in range(1, len(key) + 1):
        parts = [piece for name in key[:count] for piece in (pl.col(name), "\0")]
        column = texts.select(joined([prefix, *parts])).to_series()
        distinct = column.unique() if count < len(key) else column
        of_each = pl.Series([digest in digests for digest in _sha256(distinct)], dtype=pl.Boolean)
        matches |= (
            of_each if count == len(key) else column.is_in(distinct.filter(of_each).implode())
        )
    return matches


def _sha256(texts: pl.Series) -> list[str]:
    """The SHA-256 of each text, in hexadecimal."""
    if len(texts) <= _FEW:
        return [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    import duckdb

    with duckdb.connect() as connection:
        register(connection, "texts", texts.alias("text").to_frame())
        rows = connection.execute("SELECT sha256(text) FROM texts").fetchall()
    return [digest for (digest,) in rows]
